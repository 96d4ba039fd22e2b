//! What every store does.

use std::time::{Duration, SystemTime};

use dynagraph_runtime::store::{
    Codec, InputPrint, KeyEmitted, MemoryStore, OutputRecord, Record, RunState, RunStore,
    StepEnded, StoreError, StoredOutput, StoredValue,
};
use dynagraph_runtime::{KeyPath, RunStatus, StepStatus};
use dynagraph_sqlite::SqliteStore;

use crate::support::{
    emitted, ended, fingerprint, flush, folder, listed, loaded, path, run, up_for_retry, value,
    value_of,
};

/// Has a function test both stores.
macro_rules! of_both_stores {
    ($($(#[$attribute:meta])* fn $name:ident($store:ident) $body:block)*) => {
        $(fn $name($store: &dyn RunStore) $body)*

        mod in_memory {
            use super::MemoryStore;
            $($(#[$attribute])* #[test] fn $name() {
                super::$name(&MemoryStore::new());
            })*
        }

        mod in_sqlite {
            use super::{SqliteStore, folder};
            $($(#[$attribute])* #[test] fn $name() {
                let (_folder, path) = folder();
                super::$name(&SqliteStore::open(path).unwrap());
            })*
        }
    };
}

of_both_stores! {
    fn a_finished_run_is_read_with_all_that_it_said(store) {
        let info = run();
        let log = store.begin(&info).unwrap();
        log.append_all(&mut vec![emitted("b", 1, b"B"), emitted("a", 0, b"A"), listed(2)]);
        log.append(up_for_retry(&["a"]));
        log.append(loaded(&["a"], "one", 1));
        let mut failed = StepEnded::new(1, path(&["b"]), StepStatus::Failure);
        failed.error = Some("no such file".to_owned());
        failed.attempts = 3;
        log.append(Record::StepEnded(failed));
        log.append(ended(RunStatus::Failure, Some("1 step failed")));
        flush(&*log).unwrap();
        drop(log);

        let stored = store.read(info.id).unwrap();
        let summary = stored.summary();
        assert_eq!((summary.id, &*summary.job, &*summary.graph), (info.id, "nightly", "list load"));
        assert_eq!((&summary.arguments, summary.started), (&info.arguments, info.started));
        assert!(summary.ended.is_some());
        let error = Some("1 step failed".to_owned());
        assert_eq!(summary.state, RunState::ended(RunStatus::Failure, error));

        let list = stored.step("list", &KeyPath::root()).unwrap();
        assert_eq!(list.key.to_string(), "list");
        let keys = list.emitted(0).unwrap();
        assert_eq!(keys.iter().map(|key| key.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(keys[1].value.as_ref().unwrap().bytes().unwrap(), b"B".as_slice());

        let load = stored.step("load", &path(&["a"])).unwrap();
        assert_eq!((load.status, load.attempts), (StepStatus::Success, 1));
        assert_eq!((&*load.node.op, load.node.version.as_deref()), ("load", Some("2")));
        assert_eq!(load.fingerprint, Some(fingerprint(1)));
        assert_eq!(load.duration, Duration::from_micros(4_567));
        let started = SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_123);
        assert_eq!(load.started, Some(started));
        let one = load.value(0).unwrap();
        assert_eq!((one.codec(), one.type_name()), (Codec::MessagePack, "alloc::string::String"));
        assert_eq!(one.bytes().unwrap(), b"one".as_slice());
        assert_eq!((load.retries.len(), &*load.retries[0].error), (1, "not yet"));
        assert_eq!(load.retries[0].delay, Duration::from_millis(20));

        let load = stored.step("load", &path(&["b"])).unwrap();
        assert_eq!((load.status, load.attempts), (StepStatus::Failure, 3));
        assert_eq!(load.error.as_deref(), Some("no such file"));
        assert_eq!(stored.steps().len(), 3);
        assert_eq!((stored.missing(), stored.damaged()), (0, 0));
    }

    /// S1, S3
    fn step_keys_come_back_exactly(store) {
        let info = run();
        let log = store.begin(&info).unwrap();
        let keys: [&[&str]; 7] =
            [&[], &["7"], &["007"], &["a/b"], &["a", "b"], &["/[]%*?", "日本 é"], &["x", "y", "z"]];
        let flattened = KeyPath::from_exact("c?d").unwrap();
        for (at, keys) in keys.iter().enumerate() {
            log.append(loaded(keys, at.to_string(), 0));
        }
        let mut step = StepEnded::new(1, flattened.clone(), StepStatus::Skipped);
        step.attempts = 0;
        log.append(Record::StepEnded(step));
        drop(log);
        let stored = store.read(info.id).unwrap();
        for (at, keys) in keys.iter().enumerate() {
            assert_eq!(value_of(&stored, keys).unwrap(), at.to_string().as_bytes());
            let expected = path(keys);
            assert_eq!(stored.step("load", &expected).unwrap().key.path(), &expected);
        }
        assert_eq!(stored.step("load", &flattened).unwrap().status, StepStatus::Skipped);
    }

    fn several_outputs_are_kept_apart(store) {
        let info = run();
        let log = store.begin(&info).unwrap();
        let mut step = StepEnded::new(0, KeyPath::root(), StepStatus::Success);
        step.outputs = vec![
            OutputRecord::Value(value("first")),
            OutputRecord::NotEncodable,
            OutputRecord::Value(StoredValue::new(Codec::Json, "u8", b"".to_vec())),
            OutputRecord::Nothing,
            OutputRecord::Emitted(1),
            OutputRecord::Emitted(0),
            OutputRecord::Value(value("last")),
        ];
        let key = KeyEmitted {
            node: 0,
            path: KeyPath::root(),
            attempt: 1,
            output: 4,
            index: 0,
            key: "k".into(),
            value: None,
        };
        log.append(Record::KeyEmitted(key));
        log.append(Record::StepEnded(step));
        drop(log);
        let stored = store.read(info.id).unwrap();
        let step = stored.step("list", &KeyPath::root()).unwrap();
        let bytes = |output: usize| step.value(output).unwrap().bytes().unwrap().into_owned();
        assert_eq!((bytes(0), bytes(2), bytes(6)), (b"first".into(), b"".into(), b"last".into()));
        assert_eq!(step.value(2).unwrap().codec(), Codec::Json);
        assert!(matches!(step.outputs[1], StoredOutput::NotEncodable));
        assert!(matches!(step.outputs[3], StoredOutput::Nothing));
        let keys = step.emitted(4).unwrap();
        assert!(keys[0].key == "k" && keys[0].value.is_none() && keys.len() == 1);
        assert_eq!(step.emitted(5).unwrap().len(), 0);
    }

    fn a_run_that_is_given_up_is_interrupted_and_goes_on(store) {
        let mut info = run();
        let log = store.begin(&info).unwrap();
        log.append(loaded(&["a"], "old", 1));
        log.append(loaded(&["b"], "kept", 2));
        drop(log);
        assert_eq!(store.read(info.id).unwrap().summary().state, RunState::Interrupted);

        info.graph = String::from("load");
        info.nodes.remove(0);
        let log = store.resume(&info).unwrap();
        let mut again = loaded(&["a"], "new", 3);
        if let Record::StepEnded(step) = &mut again {
            step.node = 0;
        }
        log.append(again);
        log.append(ended(RunStatus::Success, None));
        drop(log);
        let stored = store.read(info.id).unwrap();
        assert_eq!(value_of(&stored, &["a"]).unwrap(), b"new");
        assert_eq!(value_of(&stored, &["b"]).unwrap(), b"kept");
        assert_eq!(stored.steps().len(), 2);
        assert_eq!(stored.summary().graph, "load");
        assert_eq!(stored.summary().state, RunState::ended(RunStatus::Success, None));
    }

    fn a_producer_without_all_of_its_keys_is_missing(store) {
        let info = run();
        let log = store.begin(&info).unwrap();
        log.append_all(&mut vec![emitted("a", 0, b"A"), listed(2)]);
        drop(log);
        let stored = store.read(info.id).unwrap();
        assert!(stored.step("list", &KeyPath::root()).is_none());
        assert_eq!(stored.missing(), 1);
    }

    /// S30
    fn only_the_keys_of_the_last_attempt_count(store) {
        let info = run();
        let again = |record: Record, attempt: u32| match record {
            Record::KeyEmitted(key) => Record::KeyEmitted(KeyEmitted { attempt, ..key }),
            Record::StepEnded(step) => {
                Record::StepEnded(StepEnded { attempts: attempt, ..step })
            }
            other => other,
        };
        let keys = || {
            let stored = store.read(info.id).unwrap();
            let list = stored.step("list", &KeyPath::root())?;
            Some(list.emitted(0)?.iter().map(|key| key.key.to_string()).collect::<Vec<_>>())
        };
        let log = store.begin(&info).unwrap();
        log.append_all(&mut vec![emitted("a", 0, b"A"), emitted("b", 1, b"B")]);
        log.append(again(emitted("b", 0, b"B"), 2));
        log.append(again(listed(1), 2));
        flush(&*log).unwrap();
        assert_eq!(keys().unwrap(), ["b"]);
        drop(log);
        // A resumed run counts its attempts anew.
        let log = store.resume(&info).unwrap();
        log.append(emitted("c", 0, b"C"));
        flush(&*log).unwrap();
        assert_eq!(keys(), None);
        log.append(listed(1));
        flush(&*log).unwrap();
        assert_eq!(keys().unwrap(), ["c"]);
    }

    fn a_live_run_is_neither_begun_nor_resumed_nor_deleted(store) {
        let info = run();
        let log = store.begin(&info).unwrap();
        assert!(matches!(store.begin(&info), Err(StoreError::RunExists { .. })));
        assert!(matches!(store.resume(&info), Err(StoreError::Owned { .. })));
        assert!(matches!(store.runs().unwrap()[0].state, RunState::Live { .. }));
        assert_eq!(store.delete_before(SystemTime::now()).unwrap(), []);
        drop(log);
        drop(store.resume(&info).unwrap());
        assert!(matches!(store.resume(&run()), Err(StoreError::NoSuchRun { .. })));
        assert!(matches!(store.read(run().id), Err(StoreError::NoSuchRun { .. })));
    }

    fn runs_are_listed_the_latest_first(store) {
        let (first, second) = (run(), run());
        let mut other = run();
        other.job = "hourly".into();
        for info in [&first, &second, &other] {
            drop(store.begin(info).unwrap());
        }
        let ids: Vec<_> = store.runs().unwrap().iter().map(|run| run.id).collect();
        assert_eq!(ids, [other.id, second.id, first.id]);
        assert_eq!(store.last_run("nightly").unwrap().unwrap().id, second.id);
        assert_eq!(store.last_run("never").unwrap(), None);
    }

    fn whoever_owns_a_run_is_asked_to_cancel_it(store) {
        let info = run();
        let log = store.begin(&info).unwrap();
        store.ask_cancel(info.id).unwrap();
        futures::executor::block_on(log.cancel_asked());
        drop(log);
        store.ask_cancel(info.id).unwrap();
        // It was nobody's then, so that the next owner is not asked.
        let log = store.resume(&info).unwrap();
        flush(&*log).unwrap();
        let asked = futures::FutureExt::now_or_never(log.cancel_asked());
        assert!(asked.is_none());
        assert!(matches!(store.ask_cancel(run().id), Err(StoreError::NoSuchRun { .. })));
    }

    fn a_step_of_a_cached_node_is_found_in_any_run(store) {
        let (first, second) = (run(), run());
        let log = store.begin(&first).unwrap();
        log.append(loaded(&["a"], "one", 1));
        let mut list = listed(0);
        if let Record::StepEnded(step) = &mut list {
            step.fingerprint = Some(fingerprint(9));
        }
        log.append(list);
        let failed = StepEnded {
            fingerprint: Some(fingerprint(8)),
            ..StepEnded::new(1, path(&["x"]), StepStatus::Failure)
        };
        log.append(Record::StepEnded(failed));
        drop(log);
        let log = store.begin(&second).unwrap();
        log.append(loaded(&["b"], "two", 1));
        log.append(loaded(&["c"], "three", 3));
        flush(&*log).unwrap();

        let step = store.find_step(fingerprint(1)).unwrap().unwrap();
        assert_eq!(step.key.to_string(), "load[b]");
        assert_eq!(step.value(0).unwrap().bytes().unwrap(), b"two".as_slice());
        assert!(store.find_step(fingerprint(3)).unwrap().is_some());
        for print in [2, 8, 9] {
            assert!(store.find_step(fingerprint(print)).unwrap().is_none(), "{print}");
        }
    }

    fn a_cached_producer_is_found_with_its_keys(store) {
        let mut info = run();
        info.nodes[0].cached = true;
        let log = store.begin(&info).unwrap();
        log.append_all(&mut vec![emitted("a", 0, b"A"), emitted("b", 1, b"B"), loaded(&["a"], "", 1)]);
        let mut list = listed(2);
        if let Record::StepEnded(step) = &mut list {
            step.fingerprint = Some(fingerprint(5));
        }
        log.append(list);
        flush(&*log).unwrap();
        let step = store.find_step(fingerprint(5)).unwrap().unwrap();
        assert_eq!(step.emitted(0).unwrap().len(), 2);
    }

    fn what_a_step_was_given_comes_back(store) {
        let mut info = run();
        info.nodes[1].inputs = vec!["file".into(), "limit".into()];
        let log = store.begin(&info).unwrap();
        let inputs = vec![Some(InputPrint::from_bytes([1; 8])), None];
        for (keys, inputs) in [(["a"], inputs.clone()), (["b"], Vec::new())] {
            let Record::StepEnded(mut step) = loaded(&keys, "one", 1) else { unreachable!() };
            step.inputs = inputs;
            log.append(Record::StepEnded(step));
        }
        drop(log);
        let stored = store.read(info.id).unwrap();
        let step = stored.step("load", &path(&["a"])).unwrap();
        assert_eq!((&step.inputs, &step.node.inputs), (&inputs, &info.nodes[1].inputs));
        assert_eq!(stored.step("load", &path(&["b"])).unwrap().inputs, []);
    }

    fn a_step_that_was_reused_is_found_as_well(store) {
        let info = run();
        let log = store.begin(&info).unwrap();
        let Record::StepEnded(mut step) = loaded(&["a"], "one", 1) else { unreachable!() };
        (step.status, step.attempts) = (StepStatus::Cached, 0);
        log.append(Record::StepEnded(step));
        flush(&*log).unwrap();
        let step = store.find_step(fingerprint(1)).unwrap().unwrap();
        assert_eq!((step.status, step.attempts), (StepStatus::Cached, 0));
        assert_eq!(store.fingerprints().unwrap(), [fingerprint(1)].into());
        drop(log);
        let stored = store.read(info.id).unwrap();
        assert_eq!(value_of(&stored, &["a"]).unwrap(), b"one");
    }

    fn a_step_that_ended_again_says_how_it_had_ended_before(store) {
        let info = run();
        let log = store.begin(&info).unwrap();
        let failed = StepEnded::new(1, path(&["a"]), StepStatus::Failure);
        log.append(Record::StepEnded(failed));
        drop(log);
        let log = store.resume(&info).unwrap();
        log.append(loaded(&["a"], "one", 1));
        drop(log);
        let stored = store.read(info.id).unwrap();
        let step = stored.step("load", &path(&["a"])).unwrap();
        assert_eq!(step.earlier.as_ref().unwrap().status, StepStatus::Failure);
        assert_eq!(step.status, StepStatus::Success);
    }

    fn the_run_before_is_one_of_the_same_job(store) {
        let (first, second) = (run(), run());
        let mut other = run();
        other.job = "hourly".into();
        for info in [&first, &other, &second] {
            drop(store.begin(info).unwrap());
        }
        let before = |run| store.run_before(run).unwrap().map(|run| run.id);
        assert_eq!(before(second.id), Some(first.id));
        assert_eq!((before(first.id), before(other.id)), (None, None));
        assert!(matches!(store.run_before(run().id), Err(StoreError::NoSuchRun { .. })));
    }

    fn many_steps_are_found_in_the_order_of_their_records_and_in_any_other(store) {
        let (mut info, other) = (run(), run());
        info.nodes[0].cached = true;
        let log = store.begin(&info).unwrap();
        for number in 0..300 {
            log.append(loaded(&[&number.to_string()], number.to_string(), number));
            if number == 150 {
                log.append_all(&mut vec![emitted("a", 0, b"A"), emitted("b", 1, b"B")]);
                let Record::StepEnded(mut list) = listed(2) else { unreachable!() };
                list.fingerprint = Some(fingerprint(1_000));
                log.append(Record::StepEnded(list));
            }
        }
        drop(log);
        let log = store.begin(&other).unwrap();
        log.append(loaded(&["x"], "x", 2_000));
        flush(&*log).unwrap();
        let check = |number: u64| {
            let step = store.find_step(fingerprint(number)).unwrap().unwrap();
            assert_eq!(step.key.to_string(), format!("load[{number}]"));
            assert_eq!(step.value(0).unwrap().bytes().unwrap(), number.to_string().as_bytes());
        };
        (0..300).for_each(check);
        (0..300).rev().for_each(check);
        (0..300).map(|number| number * 7 % 300).for_each(check);
        let list = store.find_step(fingerprint(1_000)).unwrap().unwrap();
        assert_eq!(list.emitted(0).unwrap().len(), 2);
        assert_eq!(store.find_step(fingerprint(2_000)).unwrap().unwrap().key.to_string(), "load[x]");
        assert!(store.find_step(fingerprint(300)).unwrap().is_none());
    }

    fn old_runs_are_deleted_with_their_steps(store) {
        let mut old = run();
        let new = run();
        old.started -= Duration::from_secs(1);
        for (info, print) in [(&old, 1), (&new, 2)] {
            let log = store.begin(info).unwrap();
            log.append(loaded(&["a"], vec![7; 100_000], print));
            log.append(ended(RunStatus::Success, None));
            flush(&*log).unwrap();
        }
        assert_eq!(store.delete_before(new.started).unwrap(), [old.id]);
        assert!(matches!(store.read(old.id), Err(StoreError::NoSuchRun { .. })));
        assert!(store.find_step(fingerprint(1)).unwrap().is_none());
        assert_eq!(store.fingerprints().unwrap(), [fingerprint(2)].into());
        assert_eq!(value_of(&store.read(new.id).unwrap(), &["a"]).unwrap(), vec![7; 100_000]);
        assert_eq!(store.runs().unwrap().len(), 1);
    }
}

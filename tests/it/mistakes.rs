//! What a job that is not valid says: each mistake with its file and line.

use std::panic::Location;

use dynagraph::prelude::*;
use dynagraph::{BuildError, RunError, RunStatus};

use crate::support::{add, count, echo, ignore, sum};

/// Checks that a job is refused before its first step, and gives the reason.
#[track_caller]
fn mistake<T: 'static>(job: &Job<T>) -> BuildError {
    let error = job.check().expect_err("the job is not valid");
    assert!(job.graph().nodes().is_empty());
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let report = runtime.block_on(job.run().report());
    assert_eq!((report.status(), report.steps().len()), (RunStatus::Failure, 0));
    match report.error() {
        Some(RunError::Build(of_run)) => assert_eq!(of_run.to_string(), error.to_string()),
        other => panic!("{other:?}"),
    }
    error
}

/// Checks that an error is at this line of this file, and says so.
#[track_caller]
fn assert_at(error: &BuildError, at: &Location<'_>, line: u32) {
    assert_eq!((at.file(), at.line()), (file!(), line), "{error}");
    assert!(error.to_string().contains(&format!("{}:{line}:", file!())), "{error}");
}

#[test]
fn a_handle_used_outside_its_map_is_out_of_scope() {
    let mut line = 0;
    let job = Job::compose("leaks", || {
        let mut leaked = None;
        count(2).map(|x| leaked = Some(echo(x)));
        let leaked = leaked.expect("map calls its closure");
        line = line!() + 1;
        echo(leaked)
    });
    let error = mistake(&job);
    let BuildError::OutOfScope { at, .. } = &error else { panic!("{error:?}") };
    assert_at(&error, at, line);
}

#[test]
fn the_values_of_one_map_are_out_of_scope_in_another() {
    let mut line = 0;
    let job = Job::compose("siblings", || {
        let mut leaked = None;
        count(2).map(|x| leaked = Some(count(x)));
        let leaked = leaked.expect("map calls its closure");
        line = line!() + 1;
        sum(leaked.collect())
    });
    let error = mistake(&job);
    let BuildError::OutOfScope { at, .. } = &error else { panic!("{error:?}") };
    assert_at(&error, at, line);
}

#[test]
fn every_use_of_a_leaked_handle_is_refused() {
    fn leaking(use_it: impl FnOnce(OutputHandle<u64>, DynamicHandle<u64>)) -> Job<()> {
        Job::compose("leaks", || {
            let mut leaked = None;
            count(2).map(|x| leaked = Some((echo(x), count(x))));
            let (plain, dynamic) = leaked.expect("map calls its closure");
            use_it(plain, dynamic);
        })
    }
    let jobs = [
        leaking(|x, _| ignore(add(1, x))),
        leaking(|x, _| ignore(echo(1).after(x))),
        leaking(|x, _| ignore(count(2).map(|_| x))),
        leaking(|x, _| ignore(count(2).fold(0, |all, _| add(all, x)))),
        leaking(|x, _| ignore(count(2).fold(x, add))),
        leaking(|_, values| ignore(values.map(echo))),
        leaking(|_, values| ignore(values.collect_keyed())),
        leaking(|_, values| ignore(values.filter(|_| echo_bool(true)))),
        leaking(|_, values| ignore(count(2).zip(values))),
        leaking(|_, values| ignore(values.zip(count(2)))),
        leaking(|_, values| ignore(values.batch(2))),
        leaking(|_, values| ignore(values.fold(0, add))),
        leaking(|_, values| ignore(count(2).map(|_| values))),
    ];
    for (place, job) in jobs.iter().enumerate() {
        let error = mistake(job);
        assert!(matches!(error, BuildError::OutOfScope { .. }), "job {place}: {error:?}");
        assert!(error.to_string().contains(file!()), "job {place}: {error}");
    }
}

#[op]
fn echo_bool(x: bool) -> bool {
    x
}

#[test]
fn a_job_that_returns_a_handle_of_a_copy_is_out_of_scope() {
    let job = Job::compose("returns", || {
        let mut leaked = None;
        count(2).map(|x| leaked = Some(echo(x)));
        leaked.expect("map calls its closure")
    });
    assert!(matches!(mistake(&job), BuildError::OutOfScope { .. }));
}

#[test]
fn a_handle_of_another_job_is_foreign() {
    let mut foreign = None;
    let other = Job::compose("other", || foreign = Some((echo(1), count(2))));
    assert!(other.check().is_ok());
    let (plain, dynamic) = foreign.unwrap();

    let mut line = 0;
    let job = Job::compose("one", || {
        line = line!() + 1;
        add(1, plain)
    });
    let error = mistake(&job);
    let BuildError::ForeignHandle { at, .. } = &error else { panic!("{error:?}") };
    assert_at(&error, at, line);

    let jobs = [
        Job::compose("maps", || ignore(dynamic.map(echo))),
        Job::compose("collects", || ignore(dynamic.collect())),
        Job::compose("aliases", || ignore(plain.alias("other"))),
        Job::compose("orders", || ignore(echo(1).after(plain))),
        Job::compose("windows", || ignore(dynamic.window(2))),
    ];
    for job in &jobs {
        let error = mistake(job);
        assert!(matches!(error, BuildError::ForeignHandle { .. }), "{}: {error:?}", job.name());
        assert!(error.to_string().contains(file!()), "{error}");
    }
    let returned = Job::compose("returns", || plain);
    assert!(matches!(mistake(&returned), BuildError::ForeignHandle { .. }));
}

#[test]
fn two_ops_cannot_have_one_name() {
    let mut lines = (0, 0);
    let job = Job::compose("aliases", || {
        lines.0 = line!() + 1;
        let first = echo(1);
        lines.1 = line!() + 1;
        let second = echo(2);
        add(first.alias("same"), second.alias("same"))
    });
    let error = mistake(&job);
    let BuildError::DuplicateName { name, at, first, .. } = &error else { panic!("{error:?}") };
    assert_eq!(name, "same");
    assert_at(&error, at, lines.1);
    assert_at(&error, first, lines.0);
}

#[test]
fn an_alias_cannot_be_the_name_of_another_op_nor_its_number() {
    let jobs = [
        Job::compose("name", || ignore((echo(1), add(1, 2).alias("echo")))),
        Job::compose("number", || ignore((echo(1), add(1, 2).alias("echo_2"), echo(2)))),
    ];
    for (job, taken) in jobs.iter().zip(["echo", "echo_2"]) {
        let error = mistake(job);
        let BuildError::DuplicateName { name, .. } = &error else { panic!("{error:?}") };
        assert_eq!(name, taken);
    }
}

#[test]
fn some_texts_cannot_be_an_alias() {
    for bad in ["", "a[b", "a]", "a/b", "*", "what?", "100%", "a\nb"] {
        let mut line = 0;
        let job = Job::compose("named", || {
            let named = echo(1);
            line = line!() + 1;
            named.alias(bad)
        });
        let error = mistake(&job);
        let BuildError::BadName { name, at, .. } = &error else { panic!("{error:?}") };
        assert_eq!(name, bad);
        assert_at(&error, at, line);
    }
    for good in ["a b", "überprüfen", "-", "a.b", "a_2"] {
        assert!(Job::compose("named", || echo(1).alias(good)).check().is_ok(), "{good}");
    }
}

#[test]
fn after_cannot_come_late_nor_make_a_circle() {
    let fits = Job::compose("fits", || {
        let first = echo(1);
        let used = echo(first);
        let inner = count(2).map(|x| echo(x).alias("inner")).collect();
        let _ = first.after(inner);
        used
    });
    // An order that fits is no mistake, wherever it is asked for.
    assert!(fits.check().is_ok());

    let mut line = 0;
    let deeper = Job::compose("deeper", || {
        let first = echo(1);
        let used = echo(first);
        count(2).map(|x| {
            let inner = echo(x).alias("inner");
            line = line!() + 1;
            let _ = first.after(inner);
        });
        used
    });
    let error = mistake(&deeper);
    let BuildError::AfterTooLate { at, .. } = &error else { panic!("{error:?}") };
    assert_at(&error, at, line);

    let mut line = 0;
    let circle = Job::compose("circle", || {
        line = line!() + 1;
        let first = echo(1);
        let second = echo(first);
        let _ = first.after(second);
    });
    let error = mistake(&circle);
    let BuildError::Circle { at, .. } = &error else { panic!("{error:?}") };
    assert_at(&error, at, line);

    let itself = Job::compose("itself", || {
        let first = echo(1);
        let _ = first.after(first);
    });
    assert!(matches!(mistake(&itself), BuildError::Circle { .. }));
}

#[test]
fn only_an_op_has_an_alias_a_tag_a_limit_and_an_order() {
    let jobs = [
        ("alias", Job::compose("a", || ignore(count(2).collect().alias("all")))),
        ("tag", Job::compose("b", || ignore(count(2).collect().tag("a", "b")))),
        ("after", Job::compose("c", || ignore(count(2).collect().after(echo(1))))),
        ("max_concurrent", Job::compose("d", || ignore(count(2).collect().max_concurrent(1)))),
        ("alias", Job::compose("e", || ignore(count(2).fold(0, add).alias("all")))),
        ("alias", Job::compose("f", || count(2).map(|x| ignore(x.alias("element"))))),
        ("alias", Job::compose("g", || ignore(count(2).batch(2).alias("batch")))),
        ("pool", Job::compose("h", || ignore(count(2).collect().pool("a")))),
        ("weighted_pool", Job::compose("i", || ignore(count(2).batch(2).weighted_pool("a", 2)))),
        ("timeout", Job::compose("j", || ignore(count(2).collect().timeout(ms(1))))),
        ("idle_timeout", Job::compose("k", || ignore(count(2).batch(2).idle_timeout(ms(1))))),
        ("retry", Job::compose("l", || ignore(count(2).collect().retry(RetryPolicy::new(1))))),
    ];
    for (of, job) in &jobs {
        let error = mistake(job);
        let BuildError::NotAnOp { method, at, .. } = &error else { panic!("{of}: {error:?}") };
        assert_eq!((method, at.file()), (of, file!()));
        assert!(
            error.to_string().contains("on the op's own handle, before `.collect()`"),
            "{error}"
        );
    }
}

#[test]
fn a_weight_is_at_least_one() {
    let job = Job::compose("a", || ignore(count(2).weighted_pool("api", 0)));
    let error = mistake(&job);
    let BuildError::ZeroWeight { pool, at, .. } = &error else { panic!("{error:?}") };
    assert_eq!((&**pool, at.file()), ("api", file!()));
    let text = "`.weighted_pool(\"api\", 0)`: a weight is at least 1";
    assert!(error.to_string().ends_with(text), "{error}");
}

#[test]
fn a_limit_is_at_least_one() {
    let nested = || count(2).map(|x| count(x));
    let jobs = [
        ("window", Job::compose("a", || ignore(count(2).window(0)))),
        ("window", Job::compose("b", || ignore(nested().window(0)))),
        ("max_concurrent", Job::compose("c", || ignore(count(2).max_concurrent(0)))),
        ("max_concurrent", Job::compose("d", || ignore(nested().max_concurrent(0)))),
        ("max_concurrent", Job::compose("e", || ignore(echo(2).max_concurrent(0)))),
        ("batch", Job::compose("f", || ignore(count(2).batch(0)))),
    ];
    for (of, job) in &jobs {
        let error = mistake(job);
        let BuildError::Zero { method, at, .. } = &error else { panic!("{of}: {error:?}") };
        assert_eq!((method, at.file()), (of, file!()));
    }
}

#[test]
fn a_job_with_several_mistakes_names_the_first() {
    let mut line = 0;
    let job = Job::compose("many", || {
        line = line!() + 1;
        let values = count(2).window(0);
        let _ = values.batch(0);
        let _ = values.collect().alias("all");
        let _ = values.map(|x| add(x, 1).alias("")).window(0);
    });
    let error = mistake(&job);
    let BuildError::Zero { at, .. } = &error else { panic!("{error:?}") };
    assert_at(&error, at, line);
}

#[test]
fn a_job_composed_inside_another_stands_alone() {
    let outer = Job::compose("outer", || {
        let first = echo(1);
        let inner = Job::compose("inner", || sum(count(3).collect()));
        assert!(inner.check().is_ok());
        add(first, 2)
    });
    assert!(outer.check().is_ok());
    assert_eq!(outer.graph().nodes().len(), 2);
}

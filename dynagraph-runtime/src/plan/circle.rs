//! Finds circles in what waits for what.

/// Numbers the circles of a graph: two places are in one circle if each leads to the other.
pub(super) fn circles(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut back = vec![Vec::new(); edges.len()];
    for (from, to) in edges.iter().enumerate() {
        for to in to {
            back[*to].push(from);
        }
    }
    let mut circles = vec![usize::MAX; edges.len()];
    for (number, &start) in by_end(edges).iter().rev().enumerate() {
        let mut open = vec![start];
        while let Some(place) = open.pop() {
            if circles[place] == usize::MAX {
                circles[place] = number;
                open.extend(&back[place]);
            }
        }
    }
    circles
}

/// All places, each after those that it leads to, as far as there is no circle.
fn by_end(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = vec![false; edges.len()];
    let mut ended = Vec::with_capacity(edges.len());
    for start in 0..edges.len() {
        let mut open = vec![(start, 0)];
        while let Some((place, next)) = open.pop() {
            if next == 0 && std::mem::replace(&mut seen[place], true) {
                continue;
            }
            match edges[place].get(next) {
                Some(&to) => {
                    open.push((place, next + 1));
                    open.push((to, 0));
                }
                None => ended.push(place),
            }
        }
    }
    ended
}

#[test]
fn what_leads_to_each_other_is_one_circle() {
    let circles = circles(&[vec![1], vec![2], vec![1, 3], vec![]]);
    assert_eq!(circles[1], circles[2]);
    assert_ne!(circles[0], circles[1]);
    assert_ne!(circles[3], circles[1]);
}

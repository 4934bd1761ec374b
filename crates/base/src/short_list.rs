//! Room in short lists.

use alloc::vec::Vec;

/// Appends to a list that mostly stays short, without the room for four that a vector begins with: each connection has
/// several such lists, and connections are many.
pub fn push_tight<T>(list: &mut Vec<T>, item: T) {
    if list.len() < 4 {
        list.reserve_exact(1);
    }
    list.push(item);
}

#[test]
fn a_short_list_has_no_spare_room_and_a_long_one_grows_as_ever() {
    let mut list = Vec::new();
    for n in 1..=4_u64 {
        push_tight(&mut list, n);
        assert_eq!(list.capacity(), list.len());
    }
    push_tight(&mut list, 5);
    assert_eq!((list.len(), list.capacity()), (5, 8));
}

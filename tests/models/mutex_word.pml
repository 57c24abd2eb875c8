// What mutex.pml does to the word: WordLock (wait/word_lock.hpp), try_lock and spin; and to the wait list
// that the word's LIST bit guards: base/list.hpp. `i` is the caller's.

inline lock_list(seen) {
    atomic { !(word & LIST) -> TOUCH; seen = word; word = word | LIST }
}

inline unlock_list(also) {
    atomic { TOUCH; word = word & ~(LIST | (also)) }
}

inline try_lock(got) {
    atomic {
        TOUCH;
        if
        :: word & (LOCKED | STARVING) -> got = false
#ifdef TRY_UNDER_LOCK
        :: !(word & (LOCKED | STARVING)) -> word = word | LOCKED; got = true
#else
        :: !(word & (LOCKED | STARVING | LIST)) -> word = word | LOCKED; got = true
#endif
        fi
    }
}

inline spin(got) {
    if
    :: try_lock(got)
    :: got = false
    fi
}

inline push_back(p) {
    d_step { list[listed] = p; listed++ }
}

inline push_front(p) {
    d_step {
        i = listed;
        do
        :: i > 0 -> list[i] = list[i - 1]; i--
        :: else -> break
        od;
        list[0] = p; listed++; i = 0
    }
}

inline pop_front(p) {
    d_step {
        p = list[0]; i = 1;
        do
        :: i < listed -> list[i - 1] = list[i]; i++
        :: else -> break
        od;
        listed--; list[listed] = 0; i = 0
    }
}

inline remove_if_linked(p) {
    d_step {
        i = 0;
        do
        :: i < listed && list[i] != p -> i++
        :: else -> break
        od;
        if
        :: i < listed ->
            i++;
            do
            :: i < listed -> list[i - 1] = list[i]; i++
            :: else -> break
            od;
            listed--; list[listed] = 0
        :: else
        fi;
        i = 0
    }
}

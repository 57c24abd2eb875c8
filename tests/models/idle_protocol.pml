// What Worker and Outside of idle.pml call, function by function:
//   take_office, wake_one, announce_sleep, cancel_sleep, wake_for_timers, publish; woken in wait; wake_all in
//   stop_threads ... sched/idle.hpp
//   notify, inject, work_in_sight, leave_office ... sched/scheduler.hpp    stop_threads ... sched/exit.hpp
//   push, pop, steal ... sched/run_queue.hpp        pop_injected ... look_around (sched/search.hpp)
// A critical section of Idle is one step here, which fills the store buffer of whoever holds the lock: nobody
// else can look at what the lock guards before that buffer has drained as far as the store that releases it.
// `asleep` is guarded by the lock and needs no cell of its own; what is read without the lock has one. The
// lock of a run queue is modelled in biased.pml; here a queue is its size, and a thief's visit is one step,
// for which the owner's buffer has to be empty.

#define CALL 0
#define SEARCHING 1
#define SLEEPING 2
#define LOCK 3
#define INJECTED 4
#define INJECT_LOCK 5
#define STOPPED 6
#define QUEUE(w) (7 + (w))
#define WAKE_WORD(w) (7 + WORKERS + (w))
#define CELLS (7 + 2 * WORKERS)

#include "store_buffer.pml"

#if WORKERS == 2
#define SLEEPERS (asleep[0] || asleep[1])
#define SEARCHERS (searcher[0] + searcher[1])
#define QUEUED (memory[QUEUE(0)] + memory[QUEUE(1)])
#else
#define SLEEPERS (asleep[0] || asleep[1] || asleep[2])
#define SEARCHERS (searcher[0] + searcher[1] + searcher[2])
#define QUEUED (memory[QUEUE(0)] + memory[QUEUE(1)] + memory[QUEUE(2)])
#endif

bool asleep[WORKERS];
bool searcher[WORKERS];
bool busy_for_ever[WORKERS];
bool exited[WORKERS];
bool sent_home;
byte spawns = SPAWNS;
byte deadlines = DEADLINES;

#define ENTER_LOCK(p) (FENCED(p) && memory[LOCK] == 0)

// call_ = sleepers_ && !searching_, and the lock is released.
inline publish(p, searching_now) {
    PUT(p, CALL, (SLEEPERS && !(searching_now)));
    PUT(p, LOCK, 0)
}

inline take_office(w, mine) {
    mine = false;
    if
    :: SEES(w, SEARCHING)
    :: else ->
        atomic {
            ENTER_LOCK(w) -> memory[LOCK] = 1;
            if
            :: !memory[SEARCHING] -> mine = true; searcher[w] = true; PUT(w, SEARCHING, 1)
            :: else
            fi;
            publish(w, true)
        }
    fi
}

inline wake_one(p, whom) {
    atomic {
        ENTER_LOCK(p) -> memory[LOCK] = 1;
        whom = WORKERS;
        if
#ifdef SECOND_SEARCHER
        :: SLEEPERS ->
#else
        :: SLEEPERS && !memory[SEARCHING] ->
#endif
            if
            :: asleep[0] -> whom = 0
            :: asleep[1] -> whom = 1
#if WORKERS == 3
            :: asleep[2] -> whom = 2
#endif
            fi;
            asleep[whom] = false;
            PUT(p, SLEEPING, memory[SLEEPING] - 1);
            PUT(p, SEARCHING, 1);
            publish(p, true)
        :: else -> publish(p, memory[SEARCHING])
        fi
    }
    if
    :: whom < WORKERS -> STORE(p, WAKE_WORD(whom), 1); whom = 0
    :: else -> whom = 0
    fi
}

inline notify(p, whom) {
    light_barrier(p);
    if
    :: SEES(p, CALL) -> wake_one(p, whom)
    :: else
    fi
}

// `seen`: anything runnable anywhere? One load after the other.
inline work_in_sight(w, seen) {
    seen = SEES(w, INJECTED) > 0;
    if :: !seen -> seen = SEES(w, QUEUE(0)) > 0 :: else fi;
    if :: !seen -> seen = SEES(w, QUEUE(1)) > 0 :: else fi;
#if WORKERS == 3
    if :: !seen -> seen = SEES(w, QUEUE(2)) > 0 :: else fi;
#endif
}

inline leave_office(w, seen, whom) {
    atomic {
        ENTER_LOCK(w) -> memory[LOCK] = 1;
        searcher[w] = false;
        PUT(w, SEARCHING, 0);
        publish(w, false)
    }
#ifndef NO_LOOK_AT_LEAVING
    if
    :: SEES(w, SLEEPING) == 0
    :: else ->
#ifdef LIGHT_LEAVING
        light_barrier(w);
#else
        heavy_barrier(w);
#endif
        work_in_sight(w, seen);
        if
        :: seen -> seen = false; wake_one(w, whom)
        :: else
        fi
    fi
#endif
}

inline announce_sleep(w) {
#ifndef LATE_CLEAR
    STORE(w, WAKE_WORD(w), 0);
#endif
    atomic {
        ENTER_LOCK(w) -> memory[LOCK] = 1;
        asleep[w] = true;
        PUT(w, SLEEPING, memory[SLEEPING] + 1);
        if
        :: searcher[w] -> searcher[w] = false; PUT(w, SEARCHING, 0); publish(w, false)
        :: else -> publish(w, memory[SEARCHING])
        fi
    }
#ifdef LATE_CLEAR
    STORE(w, WAKE_WORD(w), 0);
#endif
}

inline cancel_sleep(w, mine) {
    atomic {
        ENTER_LOCK(w) -> memory[LOCK] = 1;
        mine = asleep[w];
        if
        :: mine -> asleep[w] = false; PUT(w, SLEEPING, memory[SLEEPING] - 1)
        :: else
        fi;
        publish(w, memory[SEARCHING])
    }
}

// The word says what for: 1, as the searcher; 2, for timers.
inline woken(w) {
    SEES(w, WAKE_WORD(w)) -> searcher[w] = SEES(w, WAKE_WORD(w)) == 1;
    assert(SEARCHERS <= 1 || memory[STOPPED])
}

inline wake_for_timers(p, w, asleep_then) {
    atomic {
        ENTER_LOCK(p) -> memory[LOCK] = 1;
        asleep_then = asleep[w];
        if
        :: asleep_then -> asleep[w] = false; PUT(p, SLEEPING, memory[SLEEPING] - 1)
        :: else
        fi;
        publish(p, memory[SEARCHING])
    }
    if
    :: asleep_then -> STORE(p, WAKE_WORD(w), 2)
    :: else
    fi
}

inline push(w, size) {
    atomic {
        ROOM(w) ->
        size = SEES(w, QUEUE(w)) + 1;
        PUT(w, QUEUE(w), size);
        size = 0
    }
}

inline pop(w, size, found) {
    atomic {
        ROOM(w) ->
        size = SEES(w, QUEUE(w));
        if
        :: size > 0 -> size--; PUT(w, QUEUE(w), size); size = 0; found = true
        :: else
        fi
    }
}

inline steal(victim, found) {
    atomic {
        if
        :: FENCED(victim) && memory[QUEUE(victim)] > 0 ->
            memory[QUEUE(victim)] = memory[QUEUE(victim)] - 1; found = true
        :: FENCED(victim) && memory[QUEUE(victim)] == 0
        fi
    }
}

// Half of what was injected: of two, one is run and the other goes to the own queue, untold.
inline pop_injected(w, found) {
    atomic {
        FENCED(w) && memory[INJECT_LOCK] == 0 -> memory[INJECT_LOCK] = 1;
        if
        :: memory[INJECTED] > 1 ->
            found = true; PUT(w, INJECTED, memory[INJECTED] - 2); PUT(w, INJECT_LOCK, 0);
            PUT(w, QUEUE(w), memory[QUEUE(w)] + 1)
        :: memory[INJECTED] == 1 -> found = true; PUT(w, INJECTED, 0); PUT(w, INJECT_LOCK, 0)
        :: memory[INJECTED] == 0 -> PUT(w, INJECT_LOCK, 0)
        fi
    }
}

inline inject(whom) {
    atomic {
        FENCED(OUTSIDE) && memory[INJECT_LOCK] == 0 -> memory[INJECT_LOCK] = 1;
        PUT(OUTSIDE, INJECTED, memory[INJECTED] + 1);
        PUT(OUTSIDE, INJECT_LOCK, 0)
    }
#ifndef NO_FENCE_INJECT
    FENCED(OUTSIDE);
#endif
    if
    :: SEES(OUTSIDE, CALL) -> wake_one(OUTSIDE, whom)
    :: else
    fi
}

// By Outside, whose locals `hand` and `was_asleep` are.
inline stop_threads() {
    FENCED(OUTSIDE) -> memory[STOPPED] = 1;
    heavy_barrier(OUTSIDE);
    atomic { // wake_all
        ENTER_LOCK(OUTSIDE) -> memory[LOCK] = 1;
        hand = 0;
        do
        :: hand < WORKERS -> was_asleep[hand] = asleep[hand]; asleep[hand] = false; hand++
        :: hand == WORKERS -> break
        od;
        hand = 0;
        PUT(OUTSIDE, SLEEPING, 0);
        publish(OUTSIDE, memory[SEARCHING])
    }
    do
    :: hand < WORKERS && was_asleep[hand] -> STORE(OUTSIDE, WAKE_WORD(hand), 1); hand++
    :: hand < WORKERS && !was_asleep[hand] -> hand++
    :: hand == WORKERS -> break
    od
}

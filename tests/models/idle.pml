// Sleep and wake of the workers: no wake-up is lost, however stores are delayed.
//
// Worker models a worker's thread, Outside a thread that is none, and stop_threads. Held side by side:
//   find_work, sleep ............ sched/loop.hpp      search, look_around ..... sched/search.hpp
//   take_office ... wake_all .... sched/idle.hpp      notify, inject, leave_office, work_in_sight .. sched/scheduler.hpp
//   push, pop, steal ............ sched/run_queue.hpp; its lock is modelled in biased.pml, so here a queue is its size
//                                 and a visit of a thief one step, which the owner's buffer has to be empty for
//
// A critical section of Idle is one step here that fills the store buffer of whoever holds the lock: nobody else can
// look at what the lock guards before the buffer has drained up to the store that releases it. `asleep` is guarded by
// the lock and needs no cell of its own; what is read without the lock has one.
//
// Left out, since it only ends waits early or late: naps and pokes, the monitor. Thieves may decline as they
// like (SHY); a goroutine may compute for ever after it has made another ready; one sleeper may run into its deadline.
//
// Holds: when nothing moves any more, there is no work in sight of a sleeper, or, after stop_threads, no sleeper at all
// (Quiet); at most one searches.
//
// Mutations, each found to fail: NO_SECOND_LOOK, LIGHT_SLEEP, NO_LOOK_AT_LEAVING, LIGHT_LEAVING, NO_FENCE_INJECT,
// LOOK_FIRST, LATE_CLEAR, FORGET_WAKER, SECOND_SEARCHER, NO_LOOK_AT_STOP, CALL_WHILE_SEARCHING (with NO_MEMBARRIER the
// true model has to hold as well).

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef INJECTIONS
#define INJECTIONS 2
#endif
#ifndef SPAWNS
#define SPAWNS 1
#endif
#ifndef DEADLINES
#define DEADLINES 1
#endif

#define OUTSIDE WORKERS
#define PROCESSES (WORKERS + 1)

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
        :: FENCED(victim) && memory[QUEUE(victim)] > 0 -> memory[QUEUE(victim)] = memory[QUEUE(victim)] - 1; found = true
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

proctype Worker(byte me) {
    bool found, yes;
    byte hand, whom, size;

find_work:
    if
    :: SEES(me, STOPPED) -> goto leave
    :: else
    fi;
    pop(me, size, found);
    if :: found -> goto run_it :: else fi;

search:
    if
    :: !searcher[me] ->
        take_office(me, yes);
        if
        :: !yes -> goto go_to_sleep
        :: else -> yes = false
        fi
    :: else
    fi;
look_around:
    if
    :: SEES(me, STOPPED) -> goto leave
    :: else
    fi;
    pop(me, size, found);
    if :: found -> goto run_it :: else fi;
    if
    :: SEES(me, INJECTED) > 0 -> pop_injected(me, found)
    :: else
    fi;
    if :: found -> goto run_it :: else fi;
    hand = 0;
    do
    :: hand == WORKERS || found -> break
    :: hand < WORKERS && !found ->
        if
        :: hand != me && SEES(me, QUEUE(hand)) > 0 -> steal(hand, found)
        :: true // not worth it
        fi;
        hand++
    od;
    hand = 0;
    if
    :: found -> goto run_it
    :: !found && SEES(me, SLEEPING) + 1 < WORKERS -> goto look_around
    :: !found
    fi;

go_to_sleep:
#ifdef LOOK_FIRST
    heavy_barrier(me);
    work_in_sight(me, yes);
    if :: yes || SEES(me, STOPPED) -> yes = false; goto find_work :: else fi;
    announce_sleep(me);
#else
    announce_sleep(me);
#ifdef LIGHT_SLEEP
    light_barrier(me);
#else
    heavy_barrier(me);
#endif
#ifdef NO_SECOND_LOOK
    yes = false;
#else
    work_in_sight(me, yes);
    if :: yes -> yes = SEES(me, CALL) :: else fi;
#endif
#ifndef NO_LOOK_AT_STOP
    if :: !yes -> yes = SEES(me, STOPPED) :: else fi;
#endif
    if
    :: yes ->
        cancel_sleep(me, yes);
#ifdef FORGET_WAKER
        yes = true;
#endif
        if
        :: yes -> yes = false; goto find_work
        :: else -> goto woken
        fi
    :: else
    fi;
#endif

end_wait:
    if
    :: SEES(me, WAKE_WORD(me)) -> goto woken
    :: atomic { deadlines > 0 && !SEES(me, WAKE_WORD(me)) -> deadlines-- };
        cancel_sleep(me, yes);
        if
        :: yes -> yes = false; goto find_work
        :: else
        fi
    fi;
woken:
    SEES(me, WAKE_WORD(me)) -> searcher[me] = true;
    assert(SEARCHERS <= 1 || memory[STOPPED]);
    goto find_work;

run_it:
    found = false;
    if
    :: searcher[me] -> leave_office(me, yes, whom)
    :: else
    fi;
    if
    :: atomic { spawns > 0 -> spawns-- };
        push(me, size);
        notify(me, whom)
    :: true
    fi;
    if
    :: goto find_work
    :: true // computes for ever
    fi;
    busy_for_ever[me] = true;
    goto out;
leave:
    exited[me] = true;
out:
    skip
}

// A worker in a goroutine that makes another one ready, and computes on.
proctype Runner(byte me) {
    byte hand, whom, size;
    push(me, size);
    notify(me, whom);
    busy_for_ever[me] = true
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

proctype Outside() {
    byte left = INJECTIONS;
    byte hand, whom;
    bool was_asleep[WORKERS];

    do
    :: left > 0 -> left--; inject(whom)
    :: left == 0 -> break
    od;
#ifdef STOPS
    stop_threads()
#endif
}

proctype Memory() {
end_drained:
    do
    :: drain(0)
    :: drain(1)
    :: drain(2)
#if WORKERS == 3
    :: drain(3)
#endif
    od
}

#define DONE(w) (exited[w] || busy_for_ever[w])
#if WORKERS == 2
#define ALL_DONE (DONE(0) && DONE(1))
#else
#define ALL_DONE (DONE(0) && DONE(1) && DONE(2))
#endif

proctype Quiet() {
    timeout ->
    if
    :: memory[STOPPED] -> assert(!SLEEPERS && ALL_DONE)
    :: else -> assert(!SLEEPERS || (memory[INJECTED] == 0 && QUEUED == 0))
    fi
}

init {
    atomic {
        run Worker(0);
        run Worker(1);
#ifdef RUNNER
        run Runner(2);
#elif WORKERS == 3
        run Worker(2);
#endif
#ifdef RUNNER
        memory[INJECTED] = 1;
#else
        run Outside();
#endif
        run Memory();
        run Quiet()
    }
}

// Sleep and wake of the workers: no wake-up is lost, however stores are delayed.
//
// Worker models a worker's thread: find_work and sleep (sched/loop.hpp), search and look_around
// (sched/search.hpp). Outside is a thread that is no worker: inject (sched/scheduler.hpp), then, with STOPS,
// stop_threads (sched/exit.hpp). With RUNNER a third worker is in a goroutine that makes another one ready,
// once, and computes on, and one item waits from outside. With STAND_IN the second worker is a stand-in
// (sched/stand_in.hpp), which Monitor sends home: it rests as soon as it comes by its loop, whatever it has
// seen, and does not come back. What they call stands in idle_protocol.pml.
//
// Thieves may decline what they see; any goroutine may compute for ever; one sleeper may run into its
// deadline. Left out, since they end waits early at most: naps and pokes, and the monitor.
//
// Holds: when nothing moves any more, no sleeper is left beside work, or, after stop_threads, no sleeper at
// all (Quiet); at most one worker searches; nobody waits for a lock for ever.
//
// Mutations, each found to fail in the shape that `check` gives it: NO_SECOND_LOOK, LIGHT_SLEEP, LOOK_FIRST,
// LATE_CLEAR, FORGET_WAKER, SECOND_SEARCHER, NO_LOOK_AT_LEAVING, LIGHT_LEAVING, NO_LOOK_AT_STOP; of a
// stand-in NO_OFFICE; where the kernel has no membarrier (NO_MEMBARRIER), NO_FENCE_INJECT and NO_FENCE_NOTIFY.

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
#ifdef STAND_IN
#define MONITOR (WORKERS + 1)
#define PROCESSES (WORKERS + 2)
#else
#define PROCESSES (WORKERS + 1)
#endif

#include "idle_protocol.pml"

proctype Worker(byte me) {
    bool found, yes;
    byte hand, whom, size;

find_work:
    if
    :: SEES(me, STOPPED) -> goto leave
    :: else
    fi;
#ifdef STAND_IN
    if
    :: me == 1 && sent_home ->
        if :: searcher[me] -> leave_office(me, yes, whom) :: else fi;
        goto leave
    :: else
    fi;
#endif
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
        cancel_sleep(me, yes); // get_up
#ifdef FORGET_WAKER
        yes = true;
#endif
        if
        :: yes -> yes = false
        :: else -> woken(me)
        fi;
#ifndef NO_OFFICE
        if
        :: !searcher[me] -> take_office(me, yes); yes = false
        :: else
        fi;
#endif
        goto find_work
    :: else
    fi;
#endif

end_wait:
    if
    :: woken(me)
    :: atomic { deadlines > 0 && !SEES(me, WAKE_WORD(me)) -> deadlines-- };
        cancel_sleep(me, yes);
        if
        :: yes -> yes = false
        :: else -> woken(me)
        fi
    fi;
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

#ifdef STAND_IN
// The stuck are back (Rescue::send_home).
proctype Monitor() {
    bool asleep_then;
    sent_home = true;
    wake_for_timers(MONITOR, 1, asleep_then)
}
#endif

proctype Memory() {
end_drained:
    do
    :: drain(0)
    :: drain(1)
    :: drain(2)
#if PROCESSES > 3
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
#ifdef STAND_IN
        run Monitor();
#endif
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

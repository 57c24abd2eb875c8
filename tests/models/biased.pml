// The two locks that lean towards one thread, under store buffers:
//   QUEUE_LOCK ..... of a queue (base/asymmetric_lock.hpp): lock, unlock in Owner; visit, leave in Visitor
//   CHANNEL_LOCK ... of a channel (sched/biased_lock.hpp): lock, unlock in Locker; lock_unbiased, take_back;
//                    a streak of one gives the bias here; one taken back doubles what the next needs
//
// Holds: one at a time in the critical section, which sees what the last one wrote (DATA counts them all);
// nobody waits for ever.
//
// Mutations, each found to fail: of the queue's lock LIGHT_VISIT, NO_LOOK, NO_SECOND_LOOK, OWNER_STAYS; of
// the channel's LIGHT_TAKE_BACK, NO_SECOND_READ, NO_WAIT_FOR_OWNER, ANY_CANDIDATE, FREE_BOTH.

#define PROCESSES 3

#define OWNER_IN 0
#define VISITED 1
#define SPIN 2
#define BIAS 3
#define HELD_BY_BIAS 4
#define DATA 5
#define CELLS 6

#include "store_buffer.pml"

byte inside;
byte turns; // taken, by all

inline critical_section(p, seen) {
    inside++;
    assert(inside == 1);
    seen = SEES(p, DATA);
    STORE(p, DATA, seen + 1);
    seen = 0;
    atomic { turns++; inside-- }
}

#ifdef QUEUE_LOCK

#define TURNS 3
#define TAKES (TURNS + 2)

proctype Owner(byte me) {
    byte left = TURNS, seen;

    do
    :: left == 0 -> break
    :: left > 0 ->
        left--;
        STORE(me, OWNER_IN, 1); // lock
        light_barrier(me);
#ifndef NO_LOOK
        do // wait_for_visitor, the second time around
        :: !SEES(me, VISITED) -> break
        :: else ->
#ifndef OWNER_STAYS
            STORE(me, OWNER_IN, 0);
#endif
            !SEES(me, VISITED) -> STORE(me, OWNER_IN, 1);
            light_barrier(me);
#ifdef NO_SECOND_LOOK
            break
#endif
        od;
#endif
        critical_section(me, seen);
        STORE(me, OWNER_IN, 0) // unlock
    od
}

proctype Visitor(byte me) {
    byte hand, seen;

    atomic { FENCED(me) && memory[SPIN] == 0 -> memory[SPIN] = 1 } // visit, until it has got it
    STORE(me, VISITED, 1);
#ifdef LIGHT_VISIT
    light_barrier(me);
#else
    heavy_barrier(me);
#endif
    SEES(me, OWNER_IN) == 0;
    critical_section(me, seen);
    STORE(me, VISITED, 0); // leave
    STORE(me, SPIN, 0)
}

#else

#define TAKES 9
#define NOBODY 0
#define FIRST_STREAK 1
#define LONGEST_STREAK 4

byte candidate, streak;
byte needed = FIRST_STREAK;

inline take_back(p) {
    STORE(p, BIAS, NOBODY);
#ifdef LIGHT_TAKE_BACK
    light_barrier(p);
#else
    heavy_barrier(p);
#endif
#ifndef NO_WAIT_FOR_OWNER
    SEES(p, OWNER_IN) == 0;
#endif
    atomic {
        streak = 0;
        if
        :: needed < LONGEST_STREAK -> needed = needed * 2
        :: else
        fi
    }
}

inline lock_unbiased(p, worker) {
    atomic { FENCED(p) && memory[SPIN] == 0 -> memory[SPIN] = 1 }
    if
    :: SEES(p, BIAS) != NOBODY -> take_back(p)
    :: else
    fi;
    STORE(p, HELD_BY_BIAS, 0);
    atomic {
        ROOM(p) ->
        if
        :: worker != NOBODY && worker == candidate ->
            streak++;
            if
            :: streak >= needed -> PUT(p, BIAS, worker)
            :: else
            fi
#ifdef ANY_CANDIDATE
        :: worker != NOBODY && worker != candidate -> candidate = worker; streak = 0
        :: worker == NOBODY -> streak = 0
#else
        :: (worker == NOBODY || worker != candidate) && needed == FIRST_STREAK ->
            candidate = worker; streak = 0
        :: (worker == NOBODY || worker != candidate) && needed != FIRST_STREAK -> streak = 0
#endif
        fi
    }
}

// `worker` is the calling thread's worker; NOBODY on a plain thread.
proctype Locker(byte me; byte worker; byte left) {
    byte hand, seen;

    do
    :: left == 0 -> break
    :: left > 0 ->
        left--;
        if // lock
        :: worker != NOBODY && SEES(me, BIAS) == worker ->
            STORE(me, OWNER_IN, 1);
            light_barrier(me);
            if
#ifdef NO_SECOND_READ
            :: true -> STORE(me, HELD_BY_BIAS, 1)
#else
            :: SEES(me, BIAS) == worker -> STORE(me, HELD_BY_BIAS, 1)
            :: else ->
                STORE(me, OWNER_IN, 0);
                lock_unbiased(me, worker)
#endif
            fi
        :: else -> lock_unbiased(me, worker)
        fi;
        critical_section(me, seen);
        if // unlock
#ifdef FREE_BOTH
        :: true -> STORE(me, OWNER_IN, 0); STORE(me, SPIN, 0)
#else
        :: SEES(me, HELD_BY_BIAS) -> STORE(me, OWNER_IN, 0)
        :: else -> STORE(me, SPIN, 0)
#endif
        fi
    od
}

#endif

proctype Memory() {
end_drained:
    do
    :: drain(0)
    :: drain(1)
    :: drain(2)
    od
}

proctype Quiet() {
    timeout -> assert(turns == TAKES && memory[DATA] == TAKES)
}

init {
    atomic {
#ifdef QUEUE_LOCK
        run Owner(0);
        run Visitor(1);
        run Visitor(2);
#else
        run Locker(0, 1, 3);
        run Locker(1, 2, 4);
        run Locker(2, NOBODY, 2);
#endif
        run Memory();
        run Quiet()
    }
}

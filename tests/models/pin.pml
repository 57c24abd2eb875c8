// How a goroutine that is pinned reaches its worker, which may be about to sleep, or, a stand-in, about to rest:
//   send_to_pin ... sched/scheduler.hpp              wake_for_timers, announce_sleep, cancel_sleep, wait ... sched/idle.hpp
//   find_work_as_stand_in, sleep_as_stand_in, rest ... sched/stand_in.hpp
//   call_for_pinned, stand_down ... sched/roster.hpp
// Every store here is followed by a lock, or is a lock's own, so the steps interleave and nothing is seen late; a
// critical section is one step. The monitor gives licences and takes them away as it likes.
//
// True:       the goroutine runs as often as it was sent, whatever the worker is about to do.
// -DREGULAR   the worker is none that rests.
// Mutations:  REST_BLIND       stand_down does not look at the pinned
//             SLEEP_BLIND      no second look after the announcement of a sleep
//             CALL_FIRST       the stand-in is called before the goroutine is queued
//             WAKE_FIRST       the sleeper is woken before the goroutine is queued
//             LATE_CLEAR       the wake word is cleared after the announcement
//             CANCEL_ANYWAY    a sleeper that turns back does not wait for whoever is waking it

#ifndef SENDS
#define SENDS 3
#endif
#ifndef CHANGES
#define CHANGES 3
#endif

byte pinned;         // in the worker's queue
byte turns;          // that it has given to the goroutine
bool asleep;         // as Idle knows it
bool woken;          // the wake word
bool resting;        // its duty
bool surplus;        // more stand-ins serve than workers are stuck

inline wake_for_timers() {
    atomic {
        mine = asleep;
        asleep = false
    }
    if
    :: mine -> woken = true // after the lock, so a while later
    :: else
    fi
}

inline call_for_pinned() {
#ifndef REGULAR
    resting = false
#else
    skip
#endif
}

active proctype Sender() {
    byte sent;
    bool mine;
    do
    :: sent == SENDS -> break
    :: sent < SENDS ->
#ifdef WAKE_FIRST
        wake_for_timers();
#endif
#ifdef CALL_FIRST
        call_for_pinned();
#endif
        pinned++;
        sent++;
#ifndef WAKE_FIRST
        wake_for_timers();
#endif
#ifndef CALL_FIRST
        call_for_pinned();
#endif
        turns == sent // it is one goroutine, which parks before it can be sent again
    od
}

active proctype Monitor() {
    byte changes;
    bool mine;
    do
    :: changes == CHANGES -> break
    :: changes < CHANGES ->
        changes++;
        surplus = !surplus;
        if
        :: surplus -> wake_for_timers() // send_home
        :: else
        fi
    od
}

inline sleep() {
#ifndef LATE_CLEAR
    woken = false;
#endif
    asleep = true;
#ifdef LATE_CLEAR
    woken = false;
#endif
    if
#ifndef SLEEP_BLIND
    :: pinned > 0 ->
        atomic {
            mine = asleep;
            asleep = false
        }
        if
#ifndef CANCEL_ANYWAY
        :: !mine -> woken
#endif
        :: else
        fi
    :: pinned == 0 -> woken
#else
    :: woken
#endif
    fi
}

inline rest() {
    atomic {
        if
#ifdef REST_BLIND
        :: surplus -> resting = true
#else
        :: surplus && pinned == 0 -> resting = true
#endif
        :: else
        fi
    }
    !resting
}

active proctype Worker() {
    bool mine, rests;
end_looking:
    do
    :: turns == SENDS -> break
    :: turns < SENDS ->
        if
        :: pinned > 0 ->
            assert(!asleep);
            pinned--;
            turns++
        :: pinned == 0 ->
#ifdef REGULAR
            rests = false;
#else
            rests = surplus;
#endif
            if
            :: rests -> rest()
            :: else -> sleep()
            fi
        fi
    od
}

// The episode of park.pml and what hangs on it: claim and wake are Episode::claim and Claimed::wake,
// make_runnable is in sched/ready.hpp.

// Episode's result; BY_PARTNER + c carries which list it was.
#define REGISTERING 0
#define PARKED 1
#define BY_DEADLINE 2
#define BY_INTERRUPT 3
#define BY_PARTNER 4

#define FREE 255

bool frame;          // the call is still there
byte number;         // of the call
byte result;
byte word;           // what a plain thread sleeps on
byte unlock_ = FREE; // the list lock that is released on the other side of the switch

bool locked[2];
bool linked[2];      // the call's waiter stands in the list of the channel
byte ring[2];        // values in the channel
bool filled[2];      // a value has been moved into the call's frame

bool heap_locked, armed;
bool hook_locked, attached, fired;

bool suspended;      // the registers are saved
bool settling;       // the after-switch hook is due
byte runnable;       // how often the goroutine stands in a queue
bool resumed;

byte received, calls_left = CALLS;
bool over;

#define TOUCH(n) assert(frame && number == (n))

inline lock(which) {
    atomic { !which -> which = true }
}

inline make_runnable() {
    assert(runnable == 0);
    runnable++
}

inline claim(how, n, seen, won, must_wake) {
    TOUCH(n);
#ifndef CONTESTED
    atomic { result = how; won = true; must_wake = true }
#else
    seen = result;
    do
    :: seen > PARKED -> won = false; must_wake = false; break
    :: else ->
        atomic {
            if
#ifdef CLAIM_WITHOUT_CAS
            :: true ->
#else
            :: result == seen ->
#endif
                result = how; won = true;
#if defined(THREAD) || defined(ALWAYS_WAKE)
                must_wake = true;
#else
                must_wake = (seen == PARKED);
#endif
                break
#ifndef CLAIM_WITHOUT_CAS
            :: else -> seen = result
#endif
            fi
        }
    od
#endif
}

inline wake(n, must_wake) {
    if
    :: must_wake ->
        TOUCH(n);
#ifdef THREAD
        word = 1
#else
        make_runnable()
#endif
#ifdef TOUCH_AFTER_WAKE
        ; TOUCH(n)
#endif
    :: else
    fi
}

// gofer: Go-style concurrency for C++. Include this file; it brings all of the portable core.
//
// The map, for whoever comes to change something. Each room may include what stands left of it, never right:
//
//     base <- fiber <- task <- sched <- wait <- sync, chan <- time <- context <- group          debug reads all of them
//
//   base/   knows nothing of goroutines: locks, lists, futex, clock, fatal errors, what sanitizers are told
//   fiber/  stacks and the switch between them; the only room that knows Boost.Context
//   task/   the goroutine: a record without a stack until it starts, then the record at the top of its stack
//   sched/  which goroutine runs where and when: queues, timers, loops, idle protocol, monitor
//   wait/   how a goroutine, or a plain thread, blocks and is woken; every primitive blocks through wait/episode.hpp
//   sync/   WaitGroup, Mutex, RWMutex, Cond, Once, Semaphore, Barrier, Future, async: one a file
//   chan/   channels and select          time/  sleep, timers
//   context/ what ends a tree of work (a wait::Interrupt to the rooms left of it)           group/  ErrGroup
//   debug/  reports and the end of a runtime; only the files beside this one include it
//
// The way of one goroutine: go() puts the closure into a record (wait/spawn.hpp) and the record into its worker's queue
// (sched/ready.hpp). The worker's loop finds it (sched/loop.hpp) and calls it as a function on the loop's own
// stack. If it blocks, a waiter in its frame joins a list under a lock (chan/channel_core.hpp), and it parks: the
// worker leaves that stack, loop frame and all, for the next goroutine (sched/suspend.hpp, fiber/switch.hpp), which
// releases the lock. A partner claims the waiter, hands the value over and makes it ready; it resumes, perhaps on
// another thread, and when it ends it returns into its loop frame, which goes on as the loop of whichever worker
// runs it by then.
//
// Glossary: goroutine, a function that runs concurrently; worker, a thread that runs goroutines; park, leave the
// worker until made ready; ready, put a parked goroutine back into a queue; spare, a stack with a loop that waits
// for a worker; stand-in, a worker beyond the number asked for, which serves while others are stuck in a goroutine
// that does not park; episode, one blocking call; claim, win the right to end an episode; searcher, the one idle
// worker that looks for work.
#pragma once

// gcc's -Wshadow takes a parameter of a template here for one that hides a variable of the file that uses it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"

#include <gofer/blocking.hpp>
#include <gofer/chan/cases.hpp>
#include <gofer/chan/channel.hpp>
#include <gofer/chan/select.hpp>
#include <gofer/context/after_func.hpp>
#include <gofer/context/background.hpp>
#include <gofer/context/cancel.hpp>
#include <gofer/context/context.hpp>
#include <gofer/context/deadline.hpp>
#include <gofer/context/signals.hpp>
#include <gofer/context/stop_token.hpp>
#include <gofer/context/value.hpp>
#include <gofer/context/without_cancel.hpp>
#include <gofer/dump.hpp>
#include <gofer/error.hpp>
#include <gofer/go.hpp>
#include <gofer/group/err_group.hpp>
#include <gofer/goroutine_local.hpp>
#include <gofer/runtime.hpp>
#include <gofer/sync/async.hpp>
#include <gofer/sync/barrier.hpp>
#include <gofer/sync/checked_mutex.hpp>
#include <gofer/sync/cond.hpp>
#include <gofer/sync/future.hpp>
#include <gofer/sync/mutex.hpp>
#include <gofer/sync/once.hpp>
#include <gofer/sync/once_value.hpp>
#include <gofer/sync/rw_mutex.hpp>
#include <gofer/sync/semaphore.hpp>
#include <gofer/sync/wait_group.hpp>
#include <gofer/time/after.hpp>
#include <gofer/time/after_func.hpp>
#include <gofer/time/sleep.hpp>
#include <gofer/time/ticker.hpp>
#include <gofer/time/timer.hpp>
#include <gofer/trace.hpp>

#pragma GCC diagnostic pop

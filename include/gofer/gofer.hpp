// gofer: Go-style concurrency for C++. Include this file; it brings all of the portable core.
#pragma once

#include <gofer/chan/cases.hpp>
#include <gofer/chan/channel.hpp>
#include <gofer/chan/select.hpp>
#include <gofer/error.hpp>
#include <gofer/go.hpp>
#include <gofer/runtime.hpp>
#include <gofer/sync/async.hpp>
#include <gofer/sync/future.hpp>
#include <gofer/sync/mutex.hpp>
#include <gofer/sync/wait_group.hpp>
#include <gofer/time/sleep.hpp>

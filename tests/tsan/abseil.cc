// What ThreadSanitizer must be told about Debian's Abseil and gRPC, which were compiled without it: who holds a mutex, what a notification
// orders. These definitions take the place of the library's in the whole process, gRPC's calls included, tell the sanitizer, and call
// the library's. Linked into every program of the preset tsan, and into nothing else.
//
// Between a "pre" and its "post" the sanitizer looks away: Abseil's Unlock evaluates the conditions of the threads that wait, with the
// mutex held, after the point at which we said that it was let go.
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace {

// The library's function of this name. One place a function: a static of a lambda's own type is never shared.
#define REAL(name, ...)                                                     \
  ([] {                                                                     \
    static void* const found = ::dlsym(RTLD_NEXT, "_ZN4absl7debian3" name); \
    return reinterpret_cast<__VA_ARGS__>(found);                            \
  }())
#define REAL_CONST(name, ...)                                                \
  ([] {                                                                      \
    static void* const found = ::dlsym(RTLD_NEXT, "_ZNK4absl7debian3" name); \
    return reinterpret_cast<__VA_ARGS__>(found);                             \
  }())

using absl::Condition;
using absl::Duration;
using absl::Mutex;
using absl::Time;

constexpr unsigned kWrite = 0, kRead = __tsan_mutex_read_lock;

// The library's functions call each other through here as well: only what is called from outside is told.
thread_local int inside = 0;

template <typename Call>
auto Untold(Call call) {
  ++inside;
  const auto result = call();
  --inside;
  return result;
}

template <typename Lock>
bool Locking(Mutex* mutex, unsigned how, Lock lock) {
  if (inside > 0) return lock();
  __tsan_mutex_pre_lock(mutex, how);
  const bool result = Untold(lock);
  __tsan_mutex_post_lock(mutex, how, 0);
  return result;
}

template <typename Try>
bool Trying(Mutex* mutex, unsigned how, Try attempt) {
  if (inside > 0) return attempt();
  __tsan_mutex_pre_lock(mutex, how | __tsan_mutex_try_lock);
  const bool locked = Untold(attempt);
  __tsan_mutex_post_lock(mutex, how | (locked ? __tsan_mutex_try_lock : __tsan_mutex_try_lock_failed), 0);
  return locked;
}

template <typename Unlock>
bool Unlocking(Mutex* mutex, unsigned how, Unlock unlock) {
  if (inside > 0) return unlock();
  __tsan_mutex_pre_unlock(mutex, how);
  Untold(unlock);
  __tsan_mutex_post_unlock(mutex, how);
  return true;
}

// `wait` lets the mutex go and takes it again.
template <typename Wait>
bool Waiting(Mutex* mutex, Wait wait) {
  if (inside > 0) return wait();
  Unlocking(mutex, kWrite, [] { return true; });
  return Locking(mutex, kWrite, wait);
}

// A notification's flag lies behind its mutex, and whoever asks for it reads it by an atomic of our own code: both addresses are ordered.
void Release(const void* object) {
  __tsan_release(const_cast<void*>(object));
  __tsan_release(const_cast<char*>(static_cast<const char*>(object)) + sizeof(Mutex));
}
void Acquire(const void* object) { __tsan_acquire(const_cast<void*>(object)); }

}  // namespace

namespace absl {

Mutex::~Mutex() {
  __tsan_mutex_destroy(this, __tsan_mutex_not_static);
  REAL("5MutexD1Ev", void (*)(Mutex*))(this);
}
void Mutex::Lock() {
  Locking(this, kWrite, [&] { return REAL("5Mutex4LockEv", void (*)(Mutex*))(this), true; });
}
void Mutex::Unlock() {
  Unlocking(this, kWrite, [&] { return REAL("5Mutex6UnlockEv", void (*)(Mutex*))(this), true; });
}
bool Mutex::TryLock() {
  return Trying(this, kWrite, [&] { return REAL("5Mutex7TryLockEv", bool (*)(Mutex*))(this); });
}
void Mutex::ReaderLock() {
  Locking(this, kRead, [&] { return REAL("5Mutex10ReaderLockEv", void (*)(Mutex*))(this), true; });
}
void Mutex::ReaderUnlock() {
  Unlocking(this, kRead, [&] { return REAL("5Mutex12ReaderUnlockEv", void (*)(Mutex*))(this), true; });
}
bool Mutex::ReaderTryLock() {
  return Trying(this, kRead, [&] { return REAL("5Mutex13ReaderTryLockEv", bool (*)(Mutex*))(this); });
}
void Mutex::LockWhen(const Condition& condition) {
  Locking(this, kWrite, [&] {
    return REAL("5Mutex8LockWhenERKNS0_9ConditionE", void (*)(Mutex*, const Condition&))(this, condition),
           true;
  });
}
bool Mutex::LockWhenWithTimeout(const Condition& condition, Duration timeout) {
  return Locking(this, kWrite, [&] {
    return REAL("5Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE",
                bool (*)(Mutex*, const Condition&, Duration))(this, condition, timeout);
  });
}
bool Mutex::LockWhenWithDeadline(const Condition& condition, Time deadline) {
  return Locking(this, kWrite, [&] {
    return REAL("5Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE",
                bool (*)(Mutex*, const Condition&, Time))(this, condition, deadline);
  });
}
void Mutex::Await(const Condition& condition) {
  Waiting(this, [&] {
    return REAL("5Mutex5AwaitERKNS0_9ConditionE", void (*)(Mutex*, const Condition&))(this, condition), true;
  });
}
bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  return Waiting(this, [&] {
    return REAL("5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE",
                bool (*)(Mutex*, const Condition&, Duration))(this, condition, timeout);
  });
}
bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  return Waiting(this, [&] {
    return REAL("5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE",
                bool (*)(Mutex*, const Condition&, Time))(this, condition, deadline);
  });
}

void CondVar::Wait(Mutex* mutex) {
  Waiting(mutex,
          [&] { return REAL("7CondVar4WaitEPNS0_5MutexE", void (*)(CondVar*, Mutex*))(this, mutex), true; });
}
bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  return Waiting(mutex, [&] {
    return REAL("7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE", bool (*)(CondVar*, Mutex*, Duration))(
        this, mutex, timeout);
  });
}
bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  return Waiting(mutex, [&] {
    return REAL("7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE", bool (*)(CondVar*, Mutex*, Time))(
        this, mutex, deadline);
  });
}

void Notification::Notify() {
  Release(this);
  REAL("12Notification6NotifyEv", void (*)(Notification*))(this);
}
void Notification::WaitForNotification() const {
  REAL_CONST("12Notification19WaitForNotificationEv", void (*)(const Notification*))(this);
  Acquire(this);
}
bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  const bool notified = REAL_CONST("12Notification30WaitForNotificationWithTimeoutENS0_8DurationE",
                                   bool (*)(const Notification*, Duration))(this, timeout);
  if (notified) Acquire(this);
  return notified;
}
bool Notification::WaitForNotificationWithDeadline(Time deadline) const {
  const bool notified = REAL_CONST("12Notification31WaitForNotificationWithDeadlineENS0_4TimeE",
                                   bool (*)(const Notification*, Time))(this, deadline);
  if (notified) Acquire(this);
  return notified;
}

bool BlockingCounter::DecrementCount() {
  Release(this);
  return REAL("15BlockingCounter14DecrementCountEv", bool (*)(BlockingCounter*))(this);
}
void BlockingCounter::Wait() {
  REAL("15BlockingCounter4WaitEv", void (*)(BlockingCounter*))(this);
  Acquire(this);
}

}  // namespace absl

// Team sizes, and what fork() does to them.
#include "parallel.hpp"

#include <algorithm>
#include <atomic>
#ifndef _WIN32
#include <pthread.h>
#endif

namespace fastperturb {
namespace {

std::atomic<bool> threads_used{false};
std::atomic<bool> threads_lost{false};

#ifndef _WIN32
void after_fork_in_child() {
  if (threads_used.load()) threads_lost.store(true);
}
const int registered = pthread_atfork(nullptr, nullptr, after_fork_in_child);
#endif

}  // namespace

int team_size(int threads, std::int64_t tasks) {
#ifndef _WIN32
  if (registered != 0) return 1;
#endif
  const auto team = static_cast<int>(std::max<std::int64_t>(1, std::min<std::int64_t>(threads, tasks)));
  if (team == 1 || threads_lost.load()) return 1;
  threads_used.store(true);
  return team;
}

}  // namespace fastperturb

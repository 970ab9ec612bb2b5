// A queue of jobs, and the threads that take one image after the other out of it.
#include "worker_queue.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#ifndef _WIN32
#include <unistd.h>
#endif

namespace fastperturb {
namespace {

// For so long the caller waits awake for images that others have begun; it mostly takes less.
constexpr auto awake = std::chrono::microseconds(200);

#ifdef _WIN32
int this_process() { return 0; }
#else
int this_process() { return static_cast<int>(getpid()); }
#endif

struct Batch {
  Batch(std::vector<Job> jobs, bool inverse, std::size_t helpers, int threads)
      : permuted(std::move(jobs), inverse),
        workspaces(helpers == 0 ? permuted.workspaces(threads) : permuted.workspaces_for(helpers + 1)) {}

  // Does all of it.
  void work_alone() {
    permuted.run_all(workspaces);
    next = done = permuted.size();
  }

  // Does images until none is left that nobody has begun.
  void work(std::size_t worker) {
    for (std::size_t job = next++; job < permuted.size(); job = next++) {
      permuted.run(job, workspaces[worker]);
      ++done;
    }
  }

  bool all_done() const { return done == permuted.size(); }

  const PermuteBatch permuted;
  std::vector<Workspace> workspaces;
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
};

}  // namespace

struct WorkerQueue::State {
  std::mutex mutex;
  std::condition_variable begun;
  std::condition_variable left;
  std::deque<std::shared_ptr<Batch>> batches;  // those that the caller has not finished yet
  bool closing = false;
  std::vector<std::thread> helpers;
  const int process = this_process();
  const int threads;

  explicit State(int own_threads) : threads(own_threads) {}

  // The oldest batch with an image that nobody has begun.
  std::shared_ptr<Batch> open_batch() const {
    for (const auto& batch : batches)
      if (batch->next < batch->permuted.size()) return batch;
    return nullptr;
  }

  void help(std::size_t worker) {
    std::unique_lock lock(mutex);
    while (true) {
      std::shared_ptr<Batch> batch;
      begun.wait(lock, [&] { return (batch = open_batch()) != nullptr || closing; });
      if (batch == nullptr) return;
      lock.unlock();
      batch->work(worker);
      lock.lock();
      left.notify_one();
    }
  }

  void wait_for(const Batch& batch) {
    const auto until = std::chrono::steady_clock::now() + awake;
    while (!batch.all_done() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    std::unique_lock lock(mutex);
    left.wait(lock, [&] { return batch.all_done(); });
  }
};

WorkerQueue::WorkerQueue(int helpers, int threads) : state_(std::make_unique<State>(threads)) {
  try {
    state_->helpers.reserve(static_cast<std::size_t>(helpers));
    for (int i = 0; i < helpers; ++i)
      state_->helpers.emplace_back([state = state_.get(), i] { state->help(static_cast<std::size_t>(i) + 1); });
  } catch (const std::exception&) {
    // The system gives no more threads, or no more memory for them: those that there are will do.
  }
}

WorkerQueue::~WorkerQueue() {
  if (state_->process != this_process()) {
    static_cast<void>(state_.release());  // the helpers stayed with the parent
    return;
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
  }
  state_->begun.notify_all();
  for (const auto& batch : state_->batches)
    if (!batch->all_done()) batch->work(0);
  for (std::thread& helper : state_->helpers) helper.join();
}

void WorkerQueue::submit(std::vector<Job> jobs, bool inverse) {
  auto batch = std::make_shared<Batch>(std::move(jobs), inverse, state_->helpers.size(), state_->threads);
  {
    const std::lock_guard lock(state_->mutex);
    state_->batches.push_back(std::move(batch));
  }
  state_->begun.notify_all();
}

std::vector<std::vector<std::uint64_t>> WorkerQueue::collect() {
  const std::shared_ptr<Batch> batch = state_->batches.front();
  if (state_->helpers.empty()) {
    batch->work_alone();
  } else {
    batch->work(0);
    state_->wait_for(*batch);
  }
  auto moved = batch->permuted.moved();
  const std::lock_guard lock(state_->mutex);
  state_->batches.pop_front();
  return moved;
}

}  // namespace fastperturb

// Threads that move the pixels of image after image while the caller, who alone needs the GIL, prepares the next ones.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "perturb.hpp"

namespace fastperturb {

class WorkerQueue {
 public:
  // `helpers` threads besides the caller's, 0 or more, and fewer if the system gives no more. Each does whole images;
  // without a helper the caller's images are shared among `threads`.
  WorkerQueue(int helpers, int threads);
  WorkerQueue(const WorkerQueue&) = delete;
  WorkerQueue& operator=(const WorkerQueue&) = delete;
  ~WorkerQueue();  // does all that was submitted; in a forked child, which has no helpers, nothing

  // Begins jobs; throws as PermuteBatch() does, and then nothing moves.
  void submit(std::vector<Job> jobs, bool inverse);

  // Helps with the oldest jobs that were submitted, waits for the rest of them, and says for each job and region how
  // many pixels moved. Something must have been submitted.
  std::vector<std::vector<std::uint64_t>> collect();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fastperturb

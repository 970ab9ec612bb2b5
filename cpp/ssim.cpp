// SSIM of many pairs: finds where they differ, cuts that into strips, and strips into bands where there are too few for
// the threads; adds the sums of blocks in their order, whoever made them.
#include <algorithm>
#include <limits>

#include "parallel.hpp"
#include "ssim_box.hpp"
#include "ssim_strip.hpp"

namespace fastperturb {
namespace {

// Rows, or blocks of a tile, [first, last) of a job.
struct SsimTask {
  std::size_t job;
  std::int64_t tile, first, last;
};

struct SsimWork {
  std::vector<SsimPlan> plans;
  std::vector<std::size_t> blocks_at, sums_at;  // of a job's first block and sum among all
  std::vector<SsimTask> tasks;
  std::vector<double> sums;
  std::vector<std::int64_t> centres;
};

// A second thread costs more than it saves on less work than this for each, a tenth of a millisecond; and far more on a
// busy machine.
int worthwhile(const std::vector<SsimJob>& jobs, int threads) {
  constexpr std::int64_t least_samples = 1 << 16;
  std::int64_t samples = 0;
  for (const SsimJob& job : jobs) samples += job.pair.a.height * job.pair.a.width * job.pair.a.channels;
  return static_cast<int>(std::clamp<std::int64_t>(samples / least_samples, 1, threads));
}

template <typename Run>
void run_tasks(const std::vector<SsimTask>& tasks, int threads, const Run& run) {
  const auto count = static_cast<std::int64_t>(tasks.size());
  run_parallel(count, team_size(threads, count), [&](std::int64_t t, int) { run(static_cast<std::size_t>(t)); });
}

std::vector<Box> differing_boxes(const std::vector<SsimJob>& jobs, int threads) {
  constexpr std::size_t part_bytes = std::size_t{1} << 20;
  std::vector<SsimTask> tasks;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const Samples& image = jobs[j].pair.a;
    const std::size_t bytes = static_cast<std::size_t>(image.height * image.width) * image.pixel_bytes();
    const auto parts = threads == 1 ? 1 : static_cast<std::int64_t>(1 + bytes / part_bytes);
    for (std::int64_t part = 0; part < parts; ++part)
      tasks.push_back({j, 0, image.height * part / parts, image.height * (part + 1) / parts});
  }
  std::vector<Box> parts(tasks.size()), boxes(jobs.size());
  run_tasks(tasks, threads,
            [&](std::size_t t) { parts[t] = differing_box(jobs[tasks[t].job].pair, tasks[t].first, tasks[t].last); });
  for (std::size_t t = 0; t < tasks.size(); ++t) boxes[tasks[t].job] = united(boxes[tasks[t].job], parts[t]);
  return boxes;
}

// A band costs 2 radius filtered rows that its neighbour has too: as few as give every thread some of each tile.
std::int64_t bands_of(const SsimPlan& plan, std::size_t jobs, int threads) {
  const std::int64_t tasks = plan.tiles * static_cast<std::int64_t>(jobs);
  if (threads <= 1 || tasks >= 8 * threads || tasks == 0) return 1;
  const std::int64_t wanted = (4 * threads + tasks - 1) / tasks, longest = plan.blocks * ssim_block_rows / 48;
  return std::clamp<std::int64_t>(wanted, 1, std::max<std::int64_t>(1, longest));
}

SsimWork plan_work(const std::vector<SsimJob>& jobs, const SsimSettings& settings, int threads) {
  SsimWork work;
  std::size_t blocks = 0, sums = 0;
  const std::vector<Box> boxes = differing_boxes(jobs, threads);
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const SsimPlan plan = plan_of(jobs[j], settings, boxes[j]);
    work.plans.push_back(plan);
    work.blocks_at.push_back(blocks);
    work.sums_at.push_back(sums);
    blocks += static_cast<std::size_t>(plan.tiles * plan.blocks);
    sums += static_cast<std::size_t>(plan.tiles * plan.blocks * plan.values);
    const std::int64_t bands = bands_of(plan, jobs.size(), threads);
    for (std::int64_t tile = 0; tile < plan.tiles; ++tile)
      for (std::int64_t band = 0; band < bands; ++band)
        work.tasks.push_back({j, tile, plan.blocks * band / bands, plan.blocks * (band + 1) / bands});
    if (jobs[j].map != nullptr)
      std::fill_n(jobs[j].map, plan.all_height * plan.all_width * jobs[j].pair.a.channels, 1.0f);
  }
  work.sums.assign(sums, 0.0);
  work.centres.assign(blocks, 0);
  return work;
}

std::vector<double> means_of(const SsimWork& work, std::size_t job) {
  const SsimPlan& plan = work.plans[job];
  const auto values = static_cast<std::size_t>(plan.values);
  const auto blocks = static_cast<std::size_t>(plan.tiles * plan.blocks);
  std::vector<double> means(values, static_cast<double>(plan.equal_centres));
  std::int64_t centres = plan.equal_centres;
  for (std::size_t block = 0; block < blocks; ++block) {
    centres += work.centres[work.blocks_at[job] + block];
    for (std::size_t i = 0; i < values; ++i) means[i] += work.sums[work.sums_at[job] + block * values + i];
  }
  for (double& mean : means)
    mean = centres == 0 ? std::numeric_limits<double>::quiet_NaN() : mean / static_cast<double>(centres);
  return means;
}

}  // namespace

std::vector<std::vector<double>> ssim(const std::vector<SsimJob>& jobs, const SsimSettings& settings, int threads) {
  threads = worthwhile(jobs, threads);
  SsimWork work = plan_work(jobs, settings, threads);
  run_tasks(work.tasks, threads, [&](std::size_t t) {
    const SsimTask& task = work.tasks[t];
    const SsimPlan& plan = work.plans[task.job];
    const auto first_block = static_cast<std::size_t>(task.tile * plan.blocks);
    double* sums = work.sums.data() + work.sums_at[task.job] + first_block * static_cast<std::size_t>(plan.values);
    std::int64_t* centres = work.centres.data() + work.blocks_at[task.job] + first_block;
    if (plan.boxed)
      SsimBox(jobs[task.job], settings, plan, task.tile).run(task.first, task.last, sums, centres);
    else
      SsimStrip(jobs[task.job], settings, plan, task.tile).run(task.first, task.last, sums, centres);
  });
  std::vector<std::vector<double>> means;
  for (std::size_t j = 0; j < jobs.size(); ++j) means.push_back(means_of(work, j));
  return means;
}

}  // namespace fastperturb

// Cuts the work of permute() into tasks of whole windows and runs them.
#include "perturb.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "dispatch.hpp"
#include "parallel.hpp"
#include "windows.hpp"

namespace fastperturb {
namespace {

// Pixels that a task moves, about: enough to be worth a thread's turn, small enough to balance.
constexpr std::uint64_t pixels_a_task = 8192;

// Bytes of rows that a task copies, about.
constexpr std::int64_t bytes_a_band = 1 << 20;

std::size_t row_size(const ImageView& image) { return static_cast<std::size_t>(image.width) * image.pixel_bytes(); }

std::uint8_t* copy_box(const ImageView& image, const Rectangle& box, std::uint8_t* out) {
  const std::size_t row = static_cast<std::size_t>(box.width) * image.pixel_bytes();
  for (std::int64_t y = box.y; y < box.y + box.height; ++y, out += row) std::memcpy(out, image.at(y, box.x), row);
  return out;
}

}  // namespace

PermuteBatch::PermuteBatch(std::vector<Job> jobs, bool inverse) : jobs_(std::move(jobs)) {
  std::size_t regions = 0;
  for (const Job& job : jobs_) {
    const Version version = job.subkeys.version;
    tilings_.push_back(tile(job.image.height, job.image.width, job.regions, version));
    shares_.emplace_back();
    for (std::size_t r = 0; r < job.regions.size(); ++r) {
      shares_.back().push_back(shares_of(tilings_.back()[r], job.regions[r].pixels));
      const std::uint32_t most = shares_.back().back().most_owned;
      most_owned_ = std::max(most_owned_, most);
      if (version == Version::one) continue;
      most_arranged_ = std::max(most_arranged_, most);
      most_arranged_bytes_ = std::max(most_arranged_bytes_, most * padded_bytes(job.image.pixel_bytes()));
    }
    regions += job.regions.size();
  }
  walks_.reserve(regions);
  for (std::size_t j = 0; j < jobs_.size(); ++j) {
    for (std::size_t r = 0; r < jobs_[j].regions.size(); ++r) {
      const Subkeys& subkeys = jobs_[j].subkeys;
      walks_.emplace_back(jobs_[j].image, tilings_[j][r], shares_[j][r], subkeys.of(r), static_cast<std::uint32_t>(r),
                          subkeys.version, inverse);
      add_tasks(walks_.back(), shares_[j][r]);
    }
    add_bands(jobs_[j]);
    ends_.push_back({tasks_.size(), bands_.size()});
  }
}

void PermuteBatch::add_tasks(const RegionWalk& walk, const Shares& shares) {
  std::uint64_t pixels = 0;
  std::uint32_t first = 0;
  const auto count = static_cast<std::uint32_t>(shares.moved.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    pixels += shares.moved[i];
    if (pixels < pixels_a_task && i + 1 < count) continue;
    if (pixels > 0) tasks_.push_back({&walk, first, i + 1});
    first = i + 1;
    pixels = 0;
  }
}

void PermuteBatch::add_bands(const Job& job) {
  if (job.source.data == job.image.data) return;
  const auto rows = std::max<std::int64_t>(1, bytes_a_band / static_cast<std::int64_t>(row_size(job.image)));
  for (std::int64_t y = 0; y < job.image.height; y += rows)
    bands_.push_back({&job, y, std::min(y + rows, job.image.height)});
}

void PermuteBatch::copy_rows(const Band& band) {
  const ImageView &from = band.job->source, &to = band.job->image;
  const std::size_t row = row_size(to);
  if (from.row_bytes == to.row_bytes && static_cast<std::size_t>(to.row_bytes) == row)
    std::memcpy(to.at(band.first, 0), from.at(band.first, 0), row * static_cast<std::size_t>(band.last - band.first));
  else
    for (std::int64_t y = band.first; y < band.last; ++y) std::memcpy(to.at(y, 0), from.at(y, 0), row);
}

void PermuteBatch::collect(std::size_t j) const {
  if (jobs_[j].boxes == nullptr) return;
  std::uint8_t* out = jobs_[j].boxes;
  for (const Tiling& tiling : tilings_[j]) out = copy_box(jobs_[j].image, tiling.box, out);
}

void PermuteBatch::run(std::size_t j, Workspace& workspace) const {
  const Ends begin = j == 0 ? Ends{0, 0} : ends_[j - 1];
  for (std::size_t band = begin.bands; band < ends_[j].bands; ++band) copy_rows(bands_[band]);
  for (std::size_t task = begin.tasks; task < ends_[j].tasks; ++task)
    tasks_[task].walk->run(tasks_[task].first, tasks_[task].last, workspace);
  collect(j);
}

std::vector<Workspace> PermuteBatch::workspaces_for(std::size_t threads) const {
  std::vector<Workspace> workspaces;
  workspaces.reserve(threads);
  while (workspaces.size() < threads) {
    ArrangementRoom room(kernels(), most_arranged_, most_arranged_bytes_);
    workspaces.emplace_back(kernels(), most_owned_, std::move(room));
  }
  return workspaces;
}

std::vector<Workspace> PermuteBatch::workspaces(int threads) const {
  return workspaces_for(static_cast<std::size_t>(team_size(threads, static_cast<std::int64_t>(tasks_.size()))));
}

void PermuteBatch::run_all(std::vector<Workspace>& workspaces) const {
  const auto team = static_cast<int>(workspaces.size());
  if (team == 1) {  // one image after the other, each while it is in the caches
    for (std::size_t j = 0; j < size(); ++j) run(j, workspaces[0]);
    return;
  }
  run_parallel(static_cast<std::int64_t>(bands_.size()), team,
               [&](std::int64_t i, int) { copy_rows(bands_[static_cast<std::size_t>(i)]); });
  run_parallel(static_cast<std::int64_t>(tasks_.size()), team, [&](std::int64_t i, int worker) {
    const Task& task = tasks_[static_cast<std::size_t>(i)];
    task.walk->run(task.first, task.last, workspaces[static_cast<std::size_t>(worker)]);
  });
  run_parallel(static_cast<std::int64_t>(size()), team,
               [&](std::int64_t i, int) { collect(static_cast<std::size_t>(i)); });
}

std::vector<std::vector<std::uint64_t>> PermuteBatch::moved() const {
  std::vector<std::vector<std::uint64_t>> moved;
  for (const std::vector<Shares>& shares : shares_) {
    moved.emplace_back();
    for (const Shares& one : shares) moved.back().push_back(one.total_moved);
  }
  return moved;
}

std::vector<std::vector<std::uint64_t>> permute(std::vector<Job> jobs, bool inverse, int threads) {
  const PermuteBatch batch(std::move(jobs), inverse);
  std::vector<Workspace> workspaces = batch.workspaces(threads);
  batch.run_all(workspaces);
  return batch.moved();
}

std::size_t box_bytes(const ImageView& image, const std::vector<Region>& regions) {
  std::size_t size = 0;
  for (const Rectangle& box : clip(image.height, image.width, regions, Version::one))
    size += static_cast<std::size_t>(box.area()) * image.pixel_bytes();
  return size;
}

void copy_boxes(const ImageView& image, const std::vector<Region>& regions, std::uint8_t* out) {
  for (const Rectangle& box : clip(image.height, image.width, regions, Version::one)) out = copy_box(image, box, out);
}

std::vector<std::uint64_t> owned_pixels(std::int64_t height, std::int64_t width, const std::vector<Region>& regions,
                                        Version version) {
  std::vector<std::uint64_t> owned;
  for (const Tiling& tiling : tile(height, width, regions, version))
    owned.push_back(static_cast<std::uint64_t>(tiling.owned(tiling.box)));
  return owned;
}

}  // namespace fastperturb

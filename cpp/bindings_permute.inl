// The part of bindings.cpp that has pixels moved: in place, with all that goes with it, or by threads of their own.

namespace {

// 32 bytes for all regions of a job in version 1; a list of 32 bytes for each of them in version 2.
using KeyOrKeys = std::variant<py::bytes, std::vector<py::bytes>>;

fp::Subkeys subkeys_of(const KeyOrKeys& keys, std::size_t regions) {
  if (const auto* one = std::get_if<py::bytes>(&keys)) return {fp::Version::one, {key_of(*one)}};
  fp::Subkeys subkeys{fp::Version::two, {}};
  for (const py::bytes& key : std::get<std::vector<py::bytes>>(keys)) subkeys.keys.push_back(key_of(key));
  if (subkeys.keys.size() != regions)
    throw py::value_error("keys must be one for each of the " + std::to_string(regions) + " regions, got " +
                          std::to_string(subkeys.keys.size()));
  return subkeys;
}

// Bytes that nobody has yet seen, so that they may be written without the GIL.
std::uint8_t* contents(const py::bytes& bytes) {
  return reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(bytes.ptr()));
}

// A value at the end of a list, until something fails.
class ListSlot {
 public:
  ListSlot(py::list list, const py::object& value) : list_(std::move(list)) { list_.append(value); }
  ~ListSlot() {
    if (!kept_) PySequence_DelItem(list_.ptr(), -1);
  }
  ListSlot(const ListSlot&) = delete;
  ListSlot& operator=(const ListSlot&) = delete;
  void keep() { kept_ = true; }

 private:
  py::list list_;
  bool kept_ = false;
};

using PermuteJob = std::tuple<py::array, py::array, std::vector<RegionTuple>, KeyOrKeys, bool>;
using Moved = std::pair<std::vector<std::uint64_t>, py::bytes>;

fp::Job job_of(const PermuteJob& job, Moved& result) {
  const auto& [source, image, regions, keys, boxes] = job;
  const fp::ImageView from = view_of(source, false), to = view_of(image, true);
  check_alike(from, to, "source and image");
  fp::Job work{from, to, regions_of(regions), subkeys_of(keys, regions.size())};
  if (boxes) {
    result.second = py::bytes(nullptr, fp::box_bytes(to, work.regions));
    work.boxes = contents(result.second);
  }
  return work;
}

// Copying, moving and collecting in one stretch without the GIL: whenever it is dropped another thread may take it for
// long.
//
// `done`, an empty list, gets one item, the list of what was moved of each job; here, so that no signal comes between
// moving and the caller's knowing of it.
void permute(const std::vector<PermuteJob>& jobs, bool inverse, int threads, py::list done) {
  std::vector<Moved> results(jobs.size());
  std::vector<fp::Job> work;
  for (std::size_t i = 0; i < jobs.size(); ++i) work.push_back(job_of(jobs[i], results[i]));
  ListSlot slot(done, py::none());
  std::vector<std::vector<std::uint64_t>> moved;
  {
    const GilRelease released;
    moved = fp::permute(std::move(work), inverse, threads);
  }
  slot.keep();
  for (std::size_t i = 0; i < results.size(); ++i) results[i].first = std::move(moved[i]);
  done[0] = py::cast(std::move(results));
}

// fp::WorkerQueue, with all that they work on kept alive.
class WorkerQueue {
 public:
  WorkerQueue(int helpers, int threads) : queue_(std::make_unique<fp::WorkerQueue>(helpers, threads)) {}

  // `submitted` gets `mark` when the jobs have submitted, for the same reason as in permute().
  void submit(std::vector<PermuteJob> jobs, bool inverse, py::list submitted, const py::object& mark) {
    need(queue_ != nullptr, "closed");
    Batch batch{std::move(jobs), {}};
    std::vector<fp::Job> work;
    for (const PermuteJob& job : batch.jobs) {
      batch.results.emplace_back();
      work.push_back(job_of(job, batch.results.back()));
    }
    ListSlot slot(std::move(submitted), mark);
    batches_.push_back(std::move(batch));
    try {
      queue_->submit(std::move(work), inverse);
    } catch (...) {
      batches_.pop_back();
      throw;
    }
    slot.keep();
  }

  std::vector<Moved> collect() {
    need(queue_ != nullptr && !batches_.empty(), "without anything submitted");
    std::vector<std::vector<std::uint64_t>> moved;
    {
      const GilRelease released;
      moved = queue_->collect();
    }
    std::vector<Moved> results = std::move(batches_.front().results);
    batches_.pop_front();
    for (std::size_t i = 0; i < results.size(); ++i) results[i].first = std::move(moved[i]);
    return results;
  }

  void close(const py::object&, const py::object&, const py::object&) {
    const GilRelease released;
    queue_.reset();
  }

 private:
  static void need(bool condition, const char* state) {
    if (!condition) throw std::runtime_error(std::string("a WorkerQueue is ") + state);
  }

  struct Batch {
    std::vector<PermuteJob> jobs;
    std::vector<Moved> results;
  };
  std::deque<Batch> batches_;
  std::unique_ptr<fp::WorkerQueue> queue_;
};

using BoxJob = std::pair<py::array, std::vector<RegionTuple>>;

std::vector<py::bytes> box_bytes(const std::vector<BoxJob>& jobs) {
  constexpr std::size_t brief = 1 << 18;  // is copied in microseconds; giving the GIL away and back costs more
  struct Copy {
    fp::ImageView image;
    std::vector<fp::Region> regions;
    std::uint8_t* out;
  };
  std::vector<Copy> copies;
  std::vector<py::bytes> results;
  std::size_t size = 0;
  for (const auto& [image, regions] : jobs) {
    copies.push_back({view_of(image, false), regions_of(regions), nullptr});
    const std::size_t bytes = fp::box_bytes(copies.back().image, copies.back().regions);
    results.emplace_back(nullptr, bytes);
    copies.back().out = contents(results.back());
    size += bytes;
  }
  const auto copy_all = [&] {
    for (const Copy& copy : copies) fp::copy_boxes(copy.image, copy.regions, copy.out);
  };
  if (size <= brief) {
    copy_all();
  } else {
    const GilRelease released;
    copy_all();
  }
  return results;
}

}  // namespace

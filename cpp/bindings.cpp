// Knows Python, with the .inl files it includes and nobody else: checks what came, drops the GIL, calls the core. The
// GIL may be dropped because every argument is copied out of Python objects first, except the pixels, whose arrays the
// references of the caller keep.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "coverage.hpp"
#include "dispatch.hpp"
#include "distance.hpp"
#include "gil_queue.hpp"
#include "jpeg.hpp"
#include "metrics.hpp"
#include "perturb.hpp"
#include "ranks.hpp"
#include "residuals.hpp"
#include "view.hpp"
#include "windows.hpp"
#include "worker_queue.hpp"

namespace py = pybind11;
namespace fp = fastperturb;

namespace {

// (x, y, width, height, shape, window, pixels), shape 0 for a box and 1 for an ellipse.
using RegionTuple = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, int, std::int64_t, std::int64_t>;

fp::Sample sample_of(const py::array& array) {
  const char kind = array.dtype().kind();
  const auto bytes = array.itemsize();
  if (array.dtype().byteorder() != '>') {
    if (kind == 'u' && bytes == 1) return fp::Sample::u8;
    if (kind == 'u' && bytes == 2) return fp::Sample::u16;
    if (kind == 'f' && bytes == 4) return fp::Sample::f32;
  }
  throw py::type_error("image must be uint8, uint16 or float32 in native byte order, got " +
                       py::str(array.dtype()).cast<std::string>());
}

fp::ImageView view_of(const py::array& array, bool writeable) {
  const fp::Sample sample = sample_of(array);
  if (array.ndim() != 2 && array.ndim() != 3)
    throw py::value_error("image must have 2 or 3 dimensions, got " + std::to_string(array.ndim()));
  const std::int64_t channels = array.ndim() == 3 ? array.shape(2) : 1;
  if (channels < 1 || channels > 4)
    throw py::value_error("image must have 1 to 4 channels, got " + std::to_string(channels));
  if (writeable && !array.writeable()) throw py::value_error("image must be writeable");
  const auto item = static_cast<std::int64_t>(array.itemsize());
  const std::int64_t row = array.shape(1) * channels * item;
  const bool packed = (array.ndim() == 2 || channels == 1 || array.strides(2) == item) &&
                      (array.shape(1) <= 1 || array.strides(1) == channels * item) &&
                      (array.shape(0) <= 1 || array.strides(0) >= row);
  if (!packed) throw py::value_error("image must have packed rows (only the row stride may be larger)");
  auto* data = static_cast<std::uint8_t*>(const_cast<void*>(array.data()));
  const std::int64_t row_bytes = array.shape(0) > 1 ? array.strides(0) : row;
  return {data, array.shape(0), array.shape(1), channels, row_bytes, sample};
}

void check_alike(const fp::ImageView& a, const fp::ImageView& b, const char* names) {
  if (a.height != b.height || a.width != b.width || a.channels != b.channels || a.sample != b.sample)
    throw py::value_error(std::string(names) + " must have one shape and dtype");
}

std::vector<fp::Region> regions_of(const std::vector<RegionTuple>& tuples) {
  std::vector<fp::Region> regions;
  for (const auto& [x, y, width, height, shape, window, pixels] : tuples) {
    constexpr std::int64_t far = std::int64_t{1} << 40;
    const auto beyond = [](std::int64_t value) { return value < -far || value > far; };
    if (beyond(x) || beyond(y) || beyond(width) || beyond(height))
      throw py::value_error("region coordinates must be within 2^40 of the origin");
    regions.push_back({x, y, width, height, shape == 0 ? fp::Shape::box : fp::Shape::ellipse, window, pixels});
  }
  return regions;
}

fp::Key key_of(const py::bytes& bytes) {
  const std::string text = bytes;
  fp::Key key;
  if (text.size() != sizeof(key.words))
    throw py::value_error("key must have 32 bytes, got " + std::to_string(text.size()));
  std::memcpy(key.words, text.data(), sizeof(key.words));
  return key;
}

// Takes the GIL back. A daemon thread that asks for it while the interpreter ends is ended there, up to Python 3.13, by
// an unwinding that no destructor lets through; it sleeps instead, as 3.14 has it.
void lock_python(PyThreadState* state) {
  try {
    PyEval_RestoreThread(state);
  } catch (...) {
    while (true) std::this_thread::sleep_for(std::chrono::hours(1));
  }
}

// A stretch without the GIL. Threads that take turns come back to it one after the other.
class GilRelease {
 public:
  GilRelease() {
    fp::before_unlocking_python();
    state_ = PyEval_SaveThread();
  }
  ~GilRelease() {
    fp::before_locking_python();
    lock_python(state_);
  }
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  PyThreadState* state_;
};

fp::Version version_of(int number) {
  if (number != 1 && number != 2) throw py::value_error("version must be 1 or 2, got " + std::to_string(number));
  return static_cast<fp::Version>(number);
}

void draw_view(const py::array& image, const std::vector<RegionTuple>& regions, int interpolation, int version,
               bool replicate) {
  if (interpolation < 0 || interpolation > 3) throw py::value_error("interpolation must be 0 to 3");
  const fp::ImageView view = view_of(image, true);
  const std::vector<fp::Region> where = regions_of(regions);
  const fp::Version rules = version_of(version);
  const GilRelease released;
  fp::draw_view(view, where, static_cast<fp::Interpolation>(interpolation),
                replicate ? fp::Border::replicate : fp::Border::hold, rules);
}

std::vector<std::pair<double, double>> expect_error(const py::array& image, const std::vector<RegionTuple>& regions,
                                                    int version) {
  const fp::ImageView view = view_of(image, false);
  const std::vector<fp::Region> where = regions_of(regions);
  const fp::Version rules = version_of(version);
  const GilRelease released;
  std::vector<std::pair<double, double>> result;
  for (const fp::Expectation& region : fp::expect_error(view, where, rules))
    result.emplace_back(region.mean, region.variance);
  return result;
}

std::tuple<std::vector<std::int64_t>, double, double, double> solve_pixels(const py::array& image,
                                                                           const std::vector<RegionTuple>& regions,
                                                                           double squared_error, int version) {
  const fp::ImageView view = view_of(image, false);
  const std::vector<fp::Region> where = regions_of(regions);
  const fp::Version rules = version_of(version);
  const GilRelease released;
  const fp::Solution solution = fp::solve_pixels(view, where, squared_error, rules);
  return {solution.pixels, solution.expected, solution.least, solution.most};
}

py::bytes chacha20(const py::bytes& key, std::uint32_t counter, const py::bytes& nonce, std::uint32_t blocks) {
  const std::string words = nonce;
  if (words.size() != 12) throw py::value_error("nonce must have 12 bytes, got " + std::to_string(words.size()));
  std::vector<fp::BlockAddress> addresses(blocks);
  for (fp::BlockAddress& address : addresses) {
    address.counter = counter++;
    std::memcpy(address.nonce, words.data(), 12);
  }
  std::string out(blocks * fp::block_bytes, '\0');
  fp::kernels().chacha20(key_of(key).words, addresses.data(), blocks, reinterpret_cast<std::uint8_t*>(out.data()));
  return out;
}

// `with` takes and gives back a turn without a moment between them in which a signal could lose it.
struct CallLimiter {
  void enter() const {
    if (fp::try_enter()) return;
    {
      const GilRelease released;
      fp::wait_to_enter();
    }
  }
  void leave(const py::object&, const py::object&, const py::object&) const { fp::leave_queue(); }
};

std::string isa() { return fp::kernels().name; }

}  // namespace

#include "bindings_jpeg.inl"
#include "bindings_metrics.inl"
#include "bindings_permute.inl"
#include "bindings_ranks.inl"
#include "bindings_regions.inl"
#include "bindings_residuals.inl"

PYBIND11_MODULE(_core, module) {
  module.attr("__version__") = FASTPERTURB_VERSION;
  module.def("permute", &permute, py::arg("jobs"), py::arg("inverse"), py::arg("threads"), py::arg("done"));
  py::class_<WorkerQueue>(module, "WorkerQueue")
      .def(py::init<int, int>(), py::arg("helpers"), py::arg("threads"))
      .def(
          "__enter__", [](WorkerQueue& self) -> WorkerQueue& { return self; },
          py::return_value_policy::reference_internal)
      .def("__exit__", &WorkerQueue::close)
      .def("submit", &WorkerQueue::submit, py::arg("jobs"), py::arg("inverse"), py::arg("submitted"), py::arg("mark"))
      .def("collect", &WorkerQueue::collect);
  module.def("box_bytes", &box_bytes, py::arg("jobs"));
  module.def("owned_pixels", &owned_pixels, py::arg("height"), py::arg("width"), py::arg("regions"),
             py::arg("version") = 1);
  module.def("owner_labels", &owner_labels, py::arg("height"), py::arg("width"), py::arg("regions"),
             py::arg("version"));
  module.def("covered_points", &covered_points, py::arg("heads"), py::arg("width"), py::arg("height"));
  module.attr("lattice_points") = fp::lattice_points();
  py::class_<fp::PlaceOrder>(module, "PlaceOrder")
      .def(py::init(&order_places), py::arg("ground"), py::arg("mask"), py::arg("labels"), py::arg("key"),
           py::arg("colours"))
      .def_property_readonly("nbytes", &fp::PlaceOrder::bytes);
  module.def("match_ranks", &match_ranks, py::arg("crop"), py::arg("out"), py::arg("order"));
  module.def("check_regions", &check_regions, py::arg("height"), py::arg("width"), py::arg("regions"),
             py::arg("version") = 1);
  module.def("draw_view", &draw_view, py::arg("image"), py::arg("regions"), py::arg("interpolation"),
             py::arg("version") = 1, py::arg("replicate") = false);
  module.def("expect_error", &expect_error, py::arg("image"), py::arg("regions"), py::arg("version") = 1);
  module.def("solve_pixels", &solve_pixels, py::arg("image"), py::arg("regions"), py::arg("squared_error"),
             py::arg("version") = 1);
  module.def("chacha20", &chacha20, py::arg("key"), py::arg("counter"), py::arg("nonce"), py::arg("blocks"));
  module.def("mean_squared_error", &mean_squared_error, py::arg("a"), py::arg("b"), py::arg("mask"),
             py::arg("threads"));
  module.def("halve", &halve, py::arg("image"));
  module.attr("peak_signal_noise_ratio") =
      py::reinterpret_steal<py::object>(PyCFunction_New(&peak_signal_noise_ratio_method, nullptr));
  module.def("mean_squared_errors", &mean_squared_errors, py::arg("pairs"), py::arg("threads"));
  module.def("ssim", &ssim, py::arg("jobs"), py::arg("settings"), py::arg("threads"));
  py::class_<CallLimiter>(module, "CallLimiter")
      .def(py::init<>())
      .def("__enter__", &CallLimiter::enter)
      .def("__exit__", &CallLimiter::leave);
  module.def("masked_bytes", &masked_bytes, py::arg("crop"), py::arg("mask"));
  module.def("put_masked", &put_masked, py::arg("crop"), py::arg("mask"), py::arg("data"));
  module.def("encode_residuals", &encode_residuals, py::arg("crop"), py::arg("mask"));
  module.def("decode_residuals", &decode_residuals, py::arg("data"), py::arg("crop"), py::arg("mask"));
  define_jpeg(module);
  module.def("set_max_inside", &fp::set_max_inside, py::arg("threads"));
  module.def("isa", &isa);
  module.def("available_isas", &fp::available_isas);
  module.def("use_isa", &fp::use_isa, py::arg("name"));
}

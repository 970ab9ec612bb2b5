// The only file that knows Python: checks what came, drops the GIL, calls the core. The GIL may be dropped because
// every argument is copied out of Python objects first, except the pixels, whose arrays the caller's references keep.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "dispatch.hpp"
#include "metrics.hpp"
#include "perturb.hpp"
#include "view.hpp"

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

std::vector<fp::Region> regions_of(const std::vector<RegionTuple>& tuples) {
  std::vector<fp::Region> regions;
  for (const auto& [x, y, width, height, shape, window, pixels] : tuples) {
    constexpr std::int64_t far = std::int64_t{1} << 40;
    if (x < -far || x > far || y < -far || y > far || width > far || height > far)
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

using PermuteJob = std::tuple<py::array, std::vector<RegionTuple>, py::bytes>;

std::vector<std::vector<std::uint64_t>> permute(const std::vector<PermuteJob>& jobs, bool inverse, int threads) {
  std::vector<fp::Job> work;
  for (const auto& [image, regions, key] : jobs)
    work.push_back({view_of(image, true), regions_of(regions), key_of(key)});
  const py::gil_scoped_release release;
  return fp::permute(work, inverse, threads);
}

std::vector<std::uint64_t> owned_pixels(std::int64_t height, std::int64_t width,
                                        const std::vector<RegionTuple>& regions) {
  return fp::owned_pixels(height, width, regions_of(regions));
}

void draw_view(const py::array& image, const std::vector<RegionTuple>& regions, int interpolation) {
  if (interpolation < 0 || interpolation > 3) throw py::value_error("interpolation must be 0 to 3");
  const fp::ImageView view = view_of(image, true);
  const std::vector<fp::Region> where = regions_of(regions);
  const py::gil_scoped_release release;
  fp::draw_view(view, where, static_cast<fp::Interpolation>(interpolation));
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

std::string text_of(const py::handle& thing) { return py::str(thing).cast<std::string>(); }

fp::Element element_of(const py::array& array, const char* name) {
  const py::dtype dtype = array.dtype();
  if (dtype.byteorder() != '>') {
    const char kind = dtype.kind();
    const auto bytes = array.itemsize();
    if (kind == 'u' && bytes == 1) return fp::Element::u8;
    if (kind == 'u' && bytes == 2) return fp::Element::u16;
    if (kind == 'f' && bytes == 4) return fp::Element::f32;
    if (kind == 'f' && bytes == 8) return fp::Element::f64;
  }
  throw py::type_error(std::string(name) + " must be uint8, uint16, float32 or float64 in native byte order, got " +
                       text_of(dtype));
}

fp::Samples samples_of(const py::object& object, const char* name) {
  if (!py::isinstance<py::array>(object))
    throw py::type_error(std::string(name) + " must be a NumPy array, got " + Py_TYPE(object.ptr())->tp_name);
  const auto array = py::reinterpret_borrow<py::array>(object);
  const fp::Element element = element_of(array, name);
  const auto fail = [&](const std::string& need, const char* got) {
    throw py::value_error(name + (" must have " + need + ", got " + got + " " + text_of(array.attr(got))));
  };
  if (array.ndim() != 2 && array.ndim() != 3) fail("shape (height, width) or (height, width, channels)", "shape");
  if (array.size() == 0) fail("at least one pixel", "shape");
  const std::int64_t height = array.shape(0), width = array.shape(1), channels = array.ndim() == 3 ? array.shape(2) : 1;
  if (channels > 4) fail("1 to 4 channels in its last axis", "shape");
  const auto item = static_cast<std::int64_t>(array.itemsize());
  if ((channels > 1 && array.strides(2) != item) || (width > 1 && array.strides(1) != channels * item))
    fail("packed rows (numpy.ascontiguousarray makes a copy that has)", "strides");
  const std::int64_t row_bytes = height > 1 ? array.strides(0) : width * channels * item;
  return {static_cast<const std::uint8_t*>(array.data()), height, width, channels, row_bytes, element};
}

fp::Pair pair_of(const py::object& a, const py::object& b, const py::object& mask) {
  fp::Pair pair{samples_of(a, "a"), samples_of(b, "b")};
  const auto shape = [](const py::object& of) { return text_of(of.attr("shape")); };
  if (pair.a.element != pair.b.element)
    throw py::type_error("b must be " + text_of(a.attr("dtype")) + " as a is, got " + text_of(b.attr("dtype")));
  if (pair.a.height != pair.b.height || pair.a.width != pair.b.width || pair.a.channels != pair.b.channels ||
      py::reinterpret_borrow<py::array>(a).ndim() != py::reinterpret_borrow<py::array>(b).ndim())
    throw py::value_error("b must have the shape of a, " + shape(a) + ", got " + shape(b));
  if (!mask.is_none()) {
    const auto chosen = py::cast<py::array_t<bool, py::array::c_style>>(mask);  // refers to memory that `mask` keeps
    if (!chosen.is(mask) || chosen.ndim() != 2 || chosen.shape(0) != pair.a.height || chosen.shape(1) != pair.a.width)
      throw py::value_error("mask must be a packed boolean array of the image's height and width");
    pair.mask = reinterpret_cast<const std::uint8_t*>(chosen.data());
    pair.mask_row_bytes = pair.a.width;
  }
  return pair;
}

void need_finite(const fp::Pair& pair) {
  for (const auto& [image, name] : {std::pair{&pair.a, "a"}, std::pair{&pair.b, "b"}})
    if (!fp::all_finite(*image)) throw py::value_error(std::string(name) + " must be finite, got NaN or infinity");
}

void need_finite_mean(double mean, const fp::Pair& pair) {
  if (std::isfinite(mean)) return;
  need_finite(pair);
  throw py::value_error("a and b must have a mean squared error that fits a float64, got one that does not");
}

// (a, b, mask or None)
using PairTuple = std::tuple<py::object, py::object, py::object>;

std::vector<double> mean_squared_errors(const std::vector<PairTuple>& tuples, int threads) {
  std::vector<fp::Pair> pairs;
  pairs.reserve(tuples.size());
  for (const auto& [a, b, mask] : tuples) pairs.push_back(pair_of(a, b, mask));
  std::vector<double> means;
  {
    const py::gil_scoped_release release;
    means = fp::mean_squared_errors(pairs, threads);
  }
  for (std::size_t i = 0; i < means.size(); ++i) need_finite_mean(means[i], pairs[i]);
  return means;
}

// One pair, in a call that must cost little: up to this many samples the GIL is kept, which costs more to drop.
constexpr std::int64_t brief_samples = 1 << 16;

double mean_squared_error(const py::object& a, const py::object& b, const py::object& mask, int threads) {
  const fp::Pair pair = pair_of(a, b, mask);
  double mean = 0.0;
  if (pair.a.height * pair.a.width * pair.a.channels <= brief_samples) {
    mean = fp::mean_squared_error(pair, threads);
  } else {
    const py::gil_scoped_release release;
    mean = fp::mean_squared_error(pair, threads);
  }
  need_finite_mean(mean, pair);
  return mean;
}

// PSNR in dB of integer images at their type's full range; NaN for floating images, which have none.
double peak_signal_noise_ratio(const py::object& a, const py::object& b) {
  const double error = mean_squared_error(a, b, py::none(), 1);
  const auto bytes = py::reinterpret_borrow<py::array>(a).itemsize();
  if (bytes > 2) return std::numeric_limits<double>::quiet_NaN();
  const double peak = bytes == 1 ? 255.0 : 65535.0;
  return error > 0.0 ? 10.0 * std::log10(peak * peak / error) : std::numeric_limits<double>::infinity();
}

// (half of the window, whether it is uniform, (K1 L)^2, (K2 L)^2, scale, covariance, terms, (alpha, beta, gamma))
using SettingsTuple = std::tuple<std::vector<float>, bool, double, double, double, double, bool, std::array<double, 3>>;

// (a, b, mask or None, map or None): a map is float32, packed, of the shape of a; with one, every pixel is scored.
using SsimTuple = std::tuple<py::object, py::object, py::object, py::object>;

fp::SsimJob ssim_job_of(const SsimTuple& tuple, std::int64_t window) {
  const auto& [a, b, mask, map] = tuple;
  fp::SsimJob job{pair_of(a, b, mask), nullptr};
  const fp::Samples& image = job.pair.a;
  if (image.height < window || image.width < window) {
    const std::string side = std::to_string(window);
    throw py::value_error("a must be at least as large as the window of " + side + " x " + side +
                          " pixels, got shape " + text_of(a.attr("shape")));
  }
  need_finite(job.pair);
  if (map.is_none()) return job;
  auto array = py::cast<py::array_t<float, py::array::c_style>>(map);
  if (!array.is(map) || !array.writeable() || array.size() != image.height * image.width * image.channels)
    throw py::value_error("map must be a packed float32 array of the image's shape");
  job.map = array.mutable_data();
  return job;
}

std::vector<std::vector<double>> ssim(const std::vector<SsimTuple>& tuples, const SettingsTuple& tuple, int threads) {
  fp::SsimSettings settings{};
  std::array<double, 3> exponents{};
  std::tie(settings.weights, settings.uniform, settings.luminance, settings.contrast, settings.scale,
           settings.covariance, settings.terms, exponents) = tuple;
  settings.alpha = exponents[0], settings.beta = exponents[1], settings.gamma = exponents[2];
  std::vector<fp::SsimJob> jobs;
  for (const SsimTuple& job : tuples) {
    jobs.push_back(ssim_job_of(job, 2 * static_cast<std::int64_t>(settings.weights.size()) - 1));
    settings.whole = jobs.back().map != nullptr;
  }
  const py::gil_scoped_release release;
  return fp::ssim(jobs, settings, threads);
}

std::string isa() { return fp::kernels().name; }

}  // namespace

PYBIND11_MODULE(_core, module) {
  module.attr("__version__") = FASTPERTURB_VERSION;
  module.def("permute", &permute, py::arg("jobs"), py::arg("inverse"), py::arg("threads"));
  module.def("owned_pixels", &owned_pixels, py::arg("height"), py::arg("width"), py::arg("regions"));
  module.def("draw_view", &draw_view, py::arg("image"), py::arg("regions"), py::arg("interpolation"));
  module.def("chacha20", &chacha20, py::arg("key"), py::arg("counter"), py::arg("nonce"), py::arg("blocks"));
  module.def("mean_squared_error", &mean_squared_error, py::arg("a"), py::arg("b"), py::arg("mask"),
             py::arg("threads"));
  module.def("peak_signal_noise_ratio", &peak_signal_noise_ratio, py::arg("a"), py::arg("b"));
  module.def("mean_squared_errors", &mean_squared_errors, py::arg("pairs"), py::arg("threads"));
  module.def("ssim", &ssim, py::arg("jobs"), py::arg("settings"), py::arg("threads"));
  module.def("isa", &isa);
  module.def("available_isas", &fp::available_isas);
  module.def("use_isa", &fp::use_isa, py::arg("name"));
}

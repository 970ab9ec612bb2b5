// Part of bindings.cpp: the metrics. Their images may also be float64 and have any row stride, and what is wrong with
// them is said here rather than in Python, so that a call costs little more than its arithmetic.

namespace {

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

// A kind of array that is more than its samples: a mask says which of them count, a unit what they are.
bool means_more(const py::object& object) {
  const auto* plain = reinterpret_cast<PyTypeObject*>(py::detail::npy_api::get().PyArray_Type_);
  return Py_TYPE(object.ptr()) != plain && (py::hasattr(object, "mask") || py::hasattr(object, "unit"));
}

// The array itself, or a copy of one whose samples do not lie where the processor wants them.
py::object aligned(const py::object& object) {
  if (!py::isinstance<py::array>(object)) return object;
  const int flags = py::reinterpret_borrow<py::array>(object).flags();
  return (flags & py::detail::npy_api::NPY_ARRAY_ALIGNED_) != 0 ? object : object.attr("copy")();
}

fp::Samples samples_of(const py::object& object, const char* name) {
  const auto refuse = [&](const char* need, const char* more) {
    throw py::type_error(name + (" must be a " + std::string(need)) + ", got " + Py_TYPE(object.ptr())->tp_name + more);
  };
  if (!py::isinstance<py::array>(object)) refuse("NumPy array", "");
  if (means_more(object)) refuse("plain NumPy array", ", which means more than its samples");
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

std::vector<double> mean_squared_errors(std::vector<PairTuple> tuples, int threads) {
  std::vector<fp::Pair> pairs;
  pairs.reserve(tuples.size());
  for (auto& [a, b, mask] : tuples) pairs.push_back(pair_of(a = aligned(a), b = aligned(b), mask));
  std::vector<double> means;
  {
    const GilRelease released;
    means = fp::mean_squared_errors(pairs, threads);
  }
  for (std::size_t i = 0; i < means.size(); ++i) need_finite_mean(means[i], pairs[i]);
  return means;
}

// One pair, in a call that must cost little: up to this many samples the GIL is kept, which costs more to drop.
constexpr std::int64_t brief_samples = 1 << 16;

double mean_squared_error(const py::object& given_a, const py::object& given_b, const py::object& mask, int threads) {
  const py::object a = aligned(given_a), b = aligned(given_b);
  const fp::Pair pair = pair_of(a, b, mask);
  double mean = 0.0;
  if (pair.a.height * pair.a.width * pair.a.channels <= brief_samples) {
    mean = fp::mean_squared_error(pair, threads);
  } else {
    const GilRelease released;
    mean = fp::mean_squared_error(pair, threads);
  }
  need_finite_mean(mean, pair);
  return mean;
}

// A plain array of whole images in C order, uint8 or uint16 in native byte order; nothing else is looked at here.
bool is_simple(PyObject* object) {
  if (Py_TYPE(object) != reinterpret_cast<PyTypeObject*>(py::detail::npy_api::get().PyArray_Type_)) return false;
  constexpr int needed = py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
  const auto* array = py::detail::array_proxy(object);
  if (!py::detail::check_flags(object, needed) || (array->nd != 2 && array->nd != 3)) return false;
  const auto* type = py::detail::array_descriptor1_proxy(array->descr);
  return (type->type_num == py::detail::npy_api::NPY_UBYTE_ || type->type_num == py::detail::npy_api::NPY_USHORT_) &&
         type->byteorder != '>';
}

// The pair of two simple arrays of one shape and type, or one of no pixels.
fp::Pair simple_pair(PyObject* a, PyObject* b) {
  fp::Pair pair{};
  if (!is_simple(a) || !is_simple(b)) return pair;
  const auto *x = py::detail::array_proxy(a), *y = py::detail::array_proxy(b);
  const int type = py::detail::array_descriptor1_proxy(x->descr)->type_num;
  if (x->nd != y->nd || type != py::detail::array_descriptor1_proxy(y->descr)->type_num) return pair;
  for (int i = 0; i < x->nd; ++i)
    if (x->dimensions[i] != y->dimensions[i]) return pair;
  const std::int64_t channels = x->nd == 3 ? x->dimensions[2] : 1;
  if (channels > 4) return pair;
  const fp::Element element = type == py::detail::npy_api::NPY_UBYTE_ ? fp::Element::u8 : fp::Element::u16;
  const std::int64_t row = x->dimensions[1] * channels *
                           static_cast<std::int64_t>(fp::element_bytes(element));  // strides of one row may lie
  const auto samples = [&](const char* data) {
    return fp::Samples{
        reinterpret_cast<const std::uint8_t*>(data), x->dimensions[0], x->dimensions[1], channels, row, element};
  };
  return {samples(x->data), samples(y->data)};
}

// PSNR in dB of two simple arrays at their type's full range; NaN for all others, which mean_squared_error takes or
// refuses. Called without pybind11's conversions, which cost as much as a small image.
PyObject* peak_signal_noise_ratio(PyObject*, PyObject* const* arguments, Py_ssize_t count) {
  if (count != 2) return PyErr_Format(PyExc_TypeError, "peak_signal_noise_ratio takes 2 arguments, got %zd", count);
  const fp::Pair pair = simple_pair(arguments[0], arguments[1]);
  const std::int64_t samples = pair.a.height * pair.a.width * pair.a.channels;
  if (samples == 0) return PyFloat_FromDouble(std::numeric_limits<double>::quiet_NaN());
  try {
    double error = 0.0;
    if (samples <= brief_samples) {
      error = fp::mean_squared_error(pair, 1);
    } else {
      const GilRelease released;
      error = fp::mean_squared_error(pair, 1);
    }
    const double peak = pair.a.element == fp::Element::u8 ? 255.0 : 65535.0;
    return PyFloat_FromDouble(error > 0.0 ? 10.0 * std::log10(peak * peak / error)
                                          : std::numeric_limits<double>::infinity());
  } catch (const std::exception& failure) {  // no memory, or an instruction set that is not there
    PyErr_SetString(PyExc_RuntimeError, failure.what());
    return nullptr;
  }
}

PyMethodDef peak_signal_noise_ratio_method = {
    "peak_signal_noise_ratio", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(peak_signal_noise_ratio)),
    METH_FASTCALL, nullptr};

// The image at half its size: float64 for float64, else float32.
py::object halve(const py::object& given) {
  const py::object image = aligned(given);
  const fp::Samples samples = samples_of(image, "image");
  std::vector<py::ssize_t> shape{(samples.height + 1) / 2, (samples.width + 1) / 2};
  if (py::reinterpret_borrow<py::array>(image).ndim() == 3) shape.push_back(samples.channels);
  py::array half(samples.element == fp::Element::f64 ? py::dtype::of<double>() : py::dtype::of<float>(), shape);
  void* out = half.mutable_data();
  {
    const GilRelease released;
    fp::halve(samples, out);
  }
  return std::move(half);
}

// (half of the window, whether it is uniform, (K1 L)^2, (K2 L)^2, scale, covariance, structure alone, terms, (alpha,
// beta, gamma))
using SettingsTuple =
    std::tuple<std::vector<float>, bool, double, double, double, double, bool, bool, std::array<double, 3>>;

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

std::vector<std::vector<double>> ssim(std::vector<SsimTuple> tuples, const SettingsTuple& tuple, int threads) {
  fp::SsimSettings settings{};
  std::array<double, 3> exponents{};
  std::tie(settings.weights, settings.uniform, settings.luminance, settings.contrast, settings.scale,
           settings.covariance, settings.structure, settings.terms, exponents) = tuple;
  if (settings.weights.empty()) throw py::value_error("weights must be at least one");
  settings.alpha = exponents[0], settings.beta = exponents[1], settings.gamma = exponents[2];
  std::vector<fp::SsimJob> jobs;
  for (SsimTuple& job : tuples) {
    std::get<0>(job) = aligned(std::get<0>(job));
    std::get<1>(job) = aligned(std::get<1>(job));
    jobs.push_back(ssim_job_of(job, 2 * static_cast<std::int64_t>(settings.weights.size()) - 1));
    settings.whole = jobs.back().map != nullptr;
  }
  const GilRelease released;
  return fp::ssim(jobs, settings, threads);
}

}  // namespace

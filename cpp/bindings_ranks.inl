// The part of bindings.cpp that arranges pixels by rank.

namespace {

// A packed array of one byte for each pixel of a crop, or none.
template <typename T>
const std::uint8_t* bytes_of(const py::object& object, const fp::ImageView& crop, const char* need) {
  static_assert(sizeof(T) == 1);
  if (object.is_none()) return nullptr;
  if (!py::isinstance<py::array_t<T, py::array::c_style>>(object)) throw py::type_error(need);
  const auto array = py::reinterpret_borrow<py::array>(object);
  if (array.ndim() != 2 || array.shape(0) != crop.height || array.shape(1) != crop.width) throw py::value_error(need);
  return static_cast<const std::uint8_t*>(array.data());
}

void match_ranks(const py::array& crop, const py::array& out, const py::object& mask, const py::array& ground,
                 const py::object& labels, const py::bytes& key, bool colours) {
  fp::RankJob job{view_of(crop, false), view_of(out, true), view_of(ground, false), nullptr, nullptr, colours};
  check_alike(job.crop, job.out, "crop and out");
  if (job.ground.height != job.crop.height || job.ground.width != job.crop.width)
    throw py::value_error("ground must have the height and width of crop");
  job.mask = bytes_of<bool>(mask, job.crop, "mask must be a packed boolean array of the crop's height and width");
  job.labels = bytes_of<std::uint8_t>(labels, job.crop, "labels must be a packed uint8 array of the crop's size");
  const fp::Key secret = key_of(key);
  const GilRelease released;
  fp::match_ranks(job, secret);
}

}  // namespace

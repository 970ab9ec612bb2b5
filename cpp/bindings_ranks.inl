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

// The places of a template in order; mask and labels are copied into it.
std::unique_ptr<fp::PlaceOrder> order_places(const py::array& ground, const py::object& mask, const py::object& labels,
                                             const py::bytes& key, bool colours) {
  const fp::ImageView view = view_of(ground, false);
  const std::uint8_t* masked =
      bytes_of<bool>(mask, view, "mask must be a packed boolean array of the ground's height and width");
  const std::uint8_t* labelled =
      bytes_of<std::uint8_t>(labels, view, "labels must be a packed uint8 array of the ground's size");
  const fp::Key lots = key_of(key);
  const GilRelease released;
  return std::make_unique<fp::PlaceOrder>(view, masked, labelled, colours, lots);
}

void match_ranks(const py::array& crop, const py::array& out, const fp::PlaceOrder& order) {
  const fp::RankJob job{view_of(crop, false), view_of(out, true)};
  check_alike(job.crop, job.out, "crop and out");
  if (order.height != job.crop.height || order.width != job.crop.width)
    throw py::value_error("ground must have the height and width of crop");
  const GilRelease released;
  fp::match_ranks(job, order);
}

}  // namespace

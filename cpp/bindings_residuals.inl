// The part of bindings.cpp that turns the owned pixels of a crop into bytes and back.

namespace {

// A crop with its mask, (height, width) of bool, or none for all pixels; the caller keeps both arrays.
fp::MaskedCrop masked(const py::array& crop, const std::optional<py::array>& mask, bool writeable) {
  const fp::ImageView view = view_of(crop, writeable);
  const std::uint8_t* owned = nullptr;
  if (mask) {
    if (mask->dtype().kind() != 'b' || mask->ndim() != 2 || mask->shape(0) != view.height ||
        mask->shape(1) != view.width || (mask->flags() & py::array::c_style) == 0)
      throw py::value_error("mask must be a C-contiguous bool array of the crop's height and width");
    owned = static_cast<const std::uint8_t*>(mask->data());
  }
  return {view, owned, fp::count_owned(view, owned)};
}

// Gives the GIL away only for as much work as pays for it.
template <typename Work>
void run(std::size_t bytes, Work work) {
  constexpr std::size_t brief = 1 << 17;
  if (bytes <= brief) return work();
  const GilRelease released;
  work();
}

template <typename Function>
py::bytes bytes_of(const py::array& crop, const std::optional<py::array>& mask, Function function) {
  const fp::MaskedCrop from = masked(crop, mask, false);
  const py::bytes result(nullptr, from.bytes());
  run(from.bytes(), [&, to = contents(result)] { function(from, to); });
  return result;
}

template <typename Function>
void put_bytes(const py::array& crop, const std::optional<py::array>& mask, const py::bytes& data, Function function) {
  const fp::MaskedCrop to = masked(crop, mask, true);
  const auto got = static_cast<std::size_t>(PyBytes_GET_SIZE(data.ptr()));
  if (got != to.bytes())
    throw py::value_error("data must have " + std::to_string(to.bytes()) + " bytes, got " + std::to_string(got));
  run(got, [&, from = contents(data)] { function(to, from); });
}

py::bytes masked_bytes(const py::array& crop, const std::optional<py::array>& mask) {
  return bytes_of(crop, mask, fp::masked_bytes);
}

py::bytes encode_residuals(const py::array& crop, const std::optional<py::array>& mask) {
  return bytes_of(crop, mask, fp::encode_residuals);
}

void put_masked(const py::array& crop, const std::optional<py::array>& mask, const py::bytes& data) {
  put_bytes(crop, mask, data, fp::put_masked);
}

void decode_residuals(const py::bytes& data, const py::array& crop, const std::optional<py::array>& mask) {
  put_bytes(crop, mask, data, fp::decode_residuals);
}

}  // namespace

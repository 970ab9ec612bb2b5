// The part of bindings.cpp that reads and writes the coefficients of JPEGs.

namespace {

namespace jpeg = fp::jpeg;
using Coefficients = py::array_t<std::int16_t, py::array::c_style>;

const std::uint8_t* bytes_in(const py::bytes& data) {
  return reinterpret_cast<const std::uint8_t*>(PyBytes_AS_STRING(data.ptr()));
}
std::size_t size_in(const py::bytes& data) { return static_cast<std::size_t>(PyBytes_GET_SIZE(data.ptr())); }

// A JPEG's frame and scans; coefficients are arrays of (rows, columns, blocks, 64) beside it.
class JpegFrame {
 public:
  explicit JpegFrame(const py::bytes& data) {
    const std::uint8_t* from = bytes_in(data);
    const std::size_t size = size_in(data);
    const GilRelease released;
    frame_ = jpeg::parse(from, size);
    size_ = size;
  }

  const jpeg::Frame& frame() const { return frame_; }

  std::vector<std::tuple<int, int, int, int>> components() const {
    std::vector<std::tuple<int, int, int, int>> found;
    for (const auto& one : frame_.components) found.emplace_back(one.id, one.across, one.down, one.quantiser);
    return found;
  }

  std::vector<std::pair<std::size_t, std::size_t>> scan_data() const {
    std::vector<std::pair<std::size_t, std::size_t>> found;
    for (const auto& scan : frame_.scans) found.emplace_back(scan.begin, scan.end);
    return found;
  }

  std::vector<int> quantiser(std::size_t component) const {
    const auto& table = frame_.quantisers[static_cast<std::size_t>(frame_.components.at(component).quantiser)];
    return {table.begin(), table.end()};
  }

  Coefficients decode(const py::bytes& data) const {
    if (size_in(data) != size_) throw py::value_error("data must be those of the frame");
    Coefficients out({frame_.mcus_y, frame_.mcus_x, frame_.mcu_blocks, 64});
    const std::uint8_t* from = bytes_in(data);
    std::int16_t* to = out.mutable_data();
    {
      const GilRelease released;
      std::fill_n(to, frame_.coefficients(), std::int16_t{0});
      jpeg::decode(frame_, from, to);
    }
    return out;
  }

  py::bytes encode(const Coefficients& coefficients) const {
    const std::int16_t* from = whole(coefficients);
    std::string out;
    {
      const GilRelease released;
      out = jpeg::encode(frame_, from);
    }
    return out;
  }

  py::bytes replay(const py::bytes& data, const Coefficients& coefficients) const {
    const std::int16_t* from = whole(coefficients);
    if (size_in(data) != size_) throw py::value_error("data must be those of the frame");
    std::string out;
    {
      const GilRelease released;
      out = jpeg::replay(frame_, bytes_in(data), size_, from);
    }
    return out;
  }

  Coefficients forward(const py::array_t<std::uint8_t, py::array::c_style>& samples, int row, int column,
                       bool colours) const {
    const py::ssize_t channels = samples.ndim() == 3 ? samples.shape(2) : 1;
    const int high = 8 * frame_.down, wide = 8 * frame_.across;
    if (samples.ndim() < 2 || samples.ndim() > 3 || samples.shape(0) % high != 0 || samples.shape(1) % wide != 0 ||
        channels != static_cast<py::ssize_t>(frame_.components.size()) || (colours && channels != 3))
      throw py::value_error("samples must be whole MCUs with the components of the frame");
    const auto rows = static_cast<int>(samples.shape(0) / high), columns = static_cast<int>(samples.shape(1) / wide);
    if (row < 0 || column < 0 || row > frame_.mcus_y - rows || column > frame_.mcus_x - columns)
      throw py::value_error("samples must lie in the frame");
    Coefficients out({rows, columns, frame_.mcu_blocks, 64});
    const jpeg::Samples from{samples.data(), row, column, rows, columns, colours};
    std::int16_t* to = out.mutable_data();
    const GilRelease released;
    jpeg::forward(frame_, from, to);
    return out;
  }

  py::bytes pack(const Coefficients& coefficients) const {
    if (coefficients.ndim() != 3 || coefficients.shape(1) != frame_.mcu_blocks || coefficients.shape(2) != 64)
      throw py::value_error("coefficients must be (MCUs, blocks, 64) of the frame");
    std::string out;
    {
      const GilRelease released;
      out = jpeg::pack(frame_, static_cast<int>(coefficients.shape(0)), coefficients.data());
    }
    return out;
  }

  Coefficients unpack(const py::bytes& data, int count) const {
    if (count < 0 || count > frame_.mcus_x * frame_.mcus_y) throw py::value_error("count must be of MCUs of the frame");
    Coefficients out({count, frame_.mcu_blocks, 64});
    std::fill_n(out.mutable_data(), static_cast<std::size_t>(out.size()), std::int16_t{0});
    std::int16_t* to = out.mutable_data();
    const GilRelease released;
    jpeg::unpack(frame_, count, bytes_in(data), size_in(data), to);
    return out;
  }

 private:
  const std::int16_t* whole(const Coefficients& coefficients) const {
    if (static_cast<std::size_t>(coefficients.size()) != frame_.coefficients())
      throw py::value_error("coefficients must be all of the frame's");
    return coefficients.data();
  }
  jpeg::Frame frame_;
  std::size_t size_ = 0;
};

void define_jpeg(py::module_& module) {
  py::register_exception<jpeg::Error>(module, "JpegError", PyExc_ValueError);
  py::class_<JpegFrame>(module, "JpegFrame")
      .def(py::init<const py::bytes&>(), py::arg("data"))
      .def_property_readonly("width", [](const JpegFrame& self) { return self.frame().width; })
      .def_property_readonly("height", [](const JpegFrame& self) { return self.frame().height; })
      .def_property_readonly("progressive", [](const JpegFrame& self) { return self.frame().progressive; })
      .def_property_readonly("end", [](const JpegFrame& self) { return self.frame().end; })
      .def_property_readonly(
          "mcu", [](const JpegFrame& self) { return std::pair(8 * self.frame().across, 8 * self.frame().down); })
      .def_property_readonly("components", &JpegFrame::components)
      .def_property_readonly("scan_data", &JpegFrame::scan_data)
      .def("quantiser", &JpegFrame::quantiser, py::arg("component"))
      .def("decode", &JpegFrame::decode, py::arg("data"))
      .def("encode", &JpegFrame::encode, py::arg("coefficients"))
      .def("replay", &JpegFrame::replay, py::arg("data"), py::arg("coefficients"))
      .def("forward", &JpegFrame::forward, py::arg("samples"), py::arg("row"), py::arg("column"), py::arg("colours"))
      .def("pack", &JpegFrame::pack, py::arg("coefficients"))
      .def("unpack", &JpegFrame::unpack, py::arg("data"), py::arg("count"));
}

}  // namespace

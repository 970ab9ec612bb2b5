// Segments of a JPEG (ITU-T T.81, annex B): frame, tables, and where each scan's data lies.
#include <algorithm>
#include <cstring>

#include "jpeg.hpp"

namespace fastperturb::jpeg {
namespace {

constexpr int max_scans = 100, max_segments = 5000;

[[noreturn]] void damaged(const char* what) { throw Error(std::string("damaged: ") + what); }
[[noreturn]] void unsupported(const char* what) { throw Error(std::string("not supported: ") + what); }

// Bytes of one segment, from the front.
class Body {
 public:
  Body(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::size_t left() const { return size_ - at_; }
  int byte() {
    if (at_ == size_) damaged("a segment is cut short");
    return data_[at_++];
  }
  int word() {
    const int high = byte();
    return high * 256 + byte();
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
};

class Parser {
 public:
  Parser(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  Frame run() {
    if (size_ < 4 || data_[0] != 0xFF || data_[1] != 0xD8) damaged("it does not begin as a JPEG");
    std::size_t at = 2;
    for (int count = 0; count < max_segments; ++count) {
      const int marker = next_marker(at);
      if (marker == 0xD9) {
        frame_.end = at;
        finish();
        return std::move(frame_);
      }
      if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) continue;
      if (size_ - at < 2) damaged("a segment is cut short");
      const std::size_t length = static_cast<std::size_t>(data_[at]) * 256 + data_[at + 1];
      if (length < 2 || length > size_ - at) damaged("a segment is cut short");
      Body body(data_ + at + 2, length - 2);
      at += length;
      if (marker == 0xDA) {
        scan(body, at);
        at = frame_.scans.back().end;
      } else {
        segment(marker, body);
      }
    }
    damaged("it has more segments than any file needs");
  }

 private:
  int next_marker(std::size_t& at) const {
    while (at + 1 < size_) {
      if (data_[at] == 0xFF && data_[at + 1] != 0 && data_[at + 1] != 0xFF) {
        at += 2;
        return data_[at - 1];
      }
      ++at;
    }
    damaged("the end marker is missing; the file is cut short");
  }

  void segment(int marker, Body& body) {
    if (marker == 0xC4) return huffman(body);
    if (marker == 0xDB) return quantisers(body);
    if (marker == 0xDD) {
      restart_ = body.word();
      return;
    }
    if (marker == 0xCC || marker == 0xC9 || marker == 0xCA) unsupported("arithmetic coding");
    if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC8) start_frame(marker, body);
    if (marker == 0xDC) unsupported("a JPEG that gives its height after the pixels");
  }

  void huffman(Body& body) {
    while (body.left() > 0) {
      const int place = body.byte();
      if ((place & 0xEF) > 3) damaged("a Huffman table has no such place");
      auto table = std::make_shared<HuffmanTable>();
      int total = 0, code = 0;
      for (std::size_t length = 1; length <= 16; ++length) {
        const int count = body.byte();
        table->counts[length] = static_cast<std::uint8_t>(count);
        total += count;
        code = code * 2 + count;
        if (code > 1 << length) damaged("a Huffman table has more codes than there are");
      }
      if (total > 256) damaged("a Huffman table has more codes than there are");
      for (int i = 0; i < total; ++i) table->symbols.push_back(static_cast<std::uint8_t>(body.byte()));
      tables_[static_cast<std::size_t>((place & 3) + (place >> 4) * ac_tables)] = std::move(table);
    }
  }

  void quantisers(Body& body) {
    while (body.left() > 0) {
      const int place = body.byte();
      const auto number = static_cast<std::size_t>(place & 15);
      if (number > 3 || place >> 4 > 1) damaged("a quantisation table has no such place");
      std::array<std::uint16_t, 64> table{};
      for (auto& value : table) {
        value = static_cast<std::uint16_t>(place >> 4 ? body.word() : body.byte());
        if (value == 0) damaged("a quantisation table holds a zero");
      }
      if (!frame_.scans.empty() && table != frame_.quantisers[number])
        unsupported("a JPEG whose quantisation tables change between its scans");
      frame_.quantisers[number] = table;
      defined_[number] = true;
    }
  }

  void start_frame(int marker, Body& body) {
    if (marker > 0xC2) unsupported("a lossless or hierarchical JPEG");
    if (!frame_.components.empty()) damaged("it has two frames");
    if (body.byte() != 8) unsupported("a JPEG of another depth than 8 bits a sample");
    frame_.height = body.word();
    frame_.width = body.word();
    const int count = body.byte();
    if (frame_.height == 0 || frame_.width == 0) unsupported("a JPEG that gives its height after the pixels");
    if (count != 1 && count != 3) unsupported("a JPEG of another number of components than 1 and 3, as CMYK");
    frame_.progressive = marker == 0xC2;
    for (int i = 0; i < count; ++i) {
      Component component;
      component.id = body.byte();
      const int factors = body.byte();
      component.across = factors >> 4;
      component.down = factors & 15;
      component.quantiser = body.byte();
      if (component.across < 1 || component.across > 4 || component.down < 1 || component.down > 4 ||
          component.quantiser > 3)
        damaged("a component has no such sampling factor or table");
      for (const Component& other : frame_.components)
        if (other.id == component.id) damaged("two components have one name");
      frame_.components.push_back(component);
    }
    arrange();
  }

  // Numbers of blocks and MCUs (T.81, A.1.1 and A.2).
  void arrange() {
    if (frame_.components.size() == 1) frame_.components[0].across = frame_.components[0].down = 1;
    for (const Component& component : frame_.components) {
      frame_.across = std::max(frame_.across, component.across);
      frame_.down = std::max(frame_.down, component.down);
    }
    const auto parts = [](int whole, int part) { return (whole + part - 1) / part; };
    frame_.mcus_x = parts(frame_.width, 8 * frame_.across);
    frame_.mcus_y = parts(frame_.height, 8 * frame_.down);
    for (Component& component : frame_.components) {
      if (frame_.across % component.across != 0 || frame_.down % component.down != 0)
        unsupported("a JPEG whose sampling factors do not divide each other");
      component.blocks_x = parts(parts(frame_.width * component.across, frame_.across), 8);
      component.blocks_y = parts(parts(frame_.height * component.down, frame_.down), 8);
      component.first = frame_.mcu_blocks;
      frame_.mcu_blocks += component.across * component.down;
    }
    if (frame_.mcu_blocks > 10) unsupported("a JPEG of more than 10 blocks in an MCU");
    for (auto& bits : sent_) bits.fill(-1);
  }

  void scan(Body& body, std::size_t begin) {
    if (frame_.components.empty()) damaged("no frame header before the pixels");
    if (frame_.scans.size() == max_scans) damaged("it has more than 100 scans");
    Scan scan;
    const int count = body.byte();
    if (count < 1 || count > static_cast<int>(frame_.components.size())) damaged("a scan has no such components");
    for (int i = 0; i < count; ++i) {
      const int id = body.byte(), tables = body.byte();
      const auto same = [id](const Component& component) { return component.id == id; };
      const auto found = std::find_if(frame_.components.begin(), frame_.components.end(), same);
      if (found == frame_.components.end()) damaged("a scan has no such components");
      const int place = static_cast<int>(found - frame_.components.begin());
      if (!scan.components.empty() && place <= scan.components.back())
        damaged("a scan has its components in another order than the frame");
      if ((tables & 15) > 3 || tables >> 4 > 3) damaged("a Huffman table has no such place");
      scan.components.push_back(place);
      scan.dc.push_back(tables >> 4);
      scan.ac.push_back(tables & 15);
    }
    scan.first = body.byte();
    scan.last = body.byte();
    const int bits = body.byte();
    scan.high = bits >> 4;
    scan.low = bits & 15;
    scan.restart = restart_;
    scan.tables = tables_;
    check(scan);
    scan.begin = begin;
    scan.end = end_of_data(begin);
    frame_.scans.push_back(std::move(scan));
  }

  // Whether a scan goes on where the one before left off (T.81, G.1.1.1), and has its tables.
  void check(const Scan& scan) {
    const bool ac = scan.last > 0, dc = scan.first == 0;
    if (!frame_.progressive) {
      if (scan.first != 0 || scan.last != 63 || scan.high != 0 || scan.low != 0)
        damaged("a sequential JPEG has a scan of some coefficients only");
    } else if (scan.last > 63 || scan.first > scan.last || (dc && ac) || scan.low > 13 ||
               (ac && scan.components.size() > 1) || (scan.high != 0 && scan.high != scan.low + 1)) {
      damaged("a scan has coefficients that no scan can have");
    }
    for (std::size_t i = 0; i < scan.components.size(); ++i) {
      Component& component = frame_.components[static_cast<std::size_t>(scan.components[i])];
      auto& sent = sent_[static_cast<std::size_t>(scan.components[i])];
      for (int k = scan.first; k <= scan.last; ++k) {
        auto& bits = sent[static_cast<std::size_t>(k)];
        if (bits != (scan.high == 0 ? -1 : scan.high)) unsupported("a JPEG whose scans overlap or leave bits out");
        bits = scan.low;
      }
      if (dc && scan.components.size() > 1) component.dc_interleaved = true;
      const auto dc_place = static_cast<std::size_t>(scan.dc[i]);
      const auto ac_place = static_cast<std::size_t>(scan.ac[i] + ac_tables);
      if ((dc && scan.high == 0 && !scan.tables[dc_place]) || (ac && !scan.tables[ac_place]))
        damaged("a scan has no Huffman table");
      if (!defined_[static_cast<std::size_t>(component.quantiser)]) damaged("a component has no quantisation table");
    }
  }

  std::size_t end_of_data(std::size_t at) const {
    while (at < size_) {
      const void* found = std::memchr(data_ + at, 0xFF, size_ - at);
      if (found == nullptr) break;
      at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - data_);
      if (at + 1 >= size_) break;
      const int next = data_[at + 1];
      if (next != 0 && (next < 0xD0 || next > 0xD7)) return at;
      at += 2;
    }
    damaged("the end marker is missing; the file is cut short");
  }

  void finish() const {
    if (frame_.components.empty()) damaged("it ends before its pixels begin");
    for (std::size_t i = 0; i < frame_.components.size(); ++i)
      for (const int bits : sent_[i])
        if (bits != 0) unsupported("a JPEG whose last scans are missing");
  }

  const std::uint8_t* data_;
  std::size_t size_;
  Frame frame_;
  Tables tables_;
  std::array<bool, 4> defined_{};
  std::array<std::array<int, 64>, 3> sent_{};  // the lowest bit of each coefficient that came so far; -1: none
  int restart_ = 0;
};

}  // namespace

Frame parse(const std::uint8_t* data, std::size_t size) { return Parser(data, size).run(); }

}  // namespace fastperturb::jpeg

// The quantised coefficients of a JPEG (ITU-T T.81): Huffman-coded baseline, extended and progressive files of 8 bits
// and one or three components are read and written without a change of any coefficient. No pixels are decoded here.
//
// Coefficients lie MCU after MCU in raster order; in an MCU block after block as an interleaved scan has them; 64 of a
// block in zigzag order, as files have them. A file of one component has MCUs of one block, whatever factors it names.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace fastperturb::jpeg {

// What is wrong with a file: "damaged: ..." or "not supported: ...".
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// How many codes there are of each length from 1 to 16, and their symbols, as in DHT.
struct HuffmanTable {
  std::array<std::uint8_t, 17> counts{};
  std::vector<std::uint8_t> symbols;
};

// Four tables for DC (0 to 3) and four for AC (4 to 7); null: not defined.
using Tables = std::array<std::shared_ptr<const HuffmanTable>, 8>;
constexpr int ac_tables = 4;

// The most bits of a DC difference and of an AC coefficient: in files of 8 bits a sample, and of any 16-bit numbers.
struct Sizes {
  int dc, ac;
};
constexpr Sizes file_sizes{11, 10}, any_sizes{16, 15};

struct Component {
  int id = 0;
  int across = 1, down = 1;  // blocks of an MCU
  int quantiser = 0;
  int blocks_x = 0, blocks_y = 0;  // that hold pixels; only these are in a scan of one component
  int first = 0;                   // of its blocks in an MCU
  bool dc_interleaved = false;     // whether the blocks beyond have a DC in the file
};

struct Scan {
  std::vector<int> components;  // by their place in the frame
  std::vector<int> dc, ac;      // their tables, 0 to 3
  int first = 0, last = 63, high = 0, low = 0;
  int restart = 0;  // MCUs between restart markers; 0: none
  Tables tables;
  std::size_t begin = 0, end = 0;  // of the entropy-coded data in the file
};

struct Frame {
  int width = 0, height = 0;
  bool progressive = false;
  std::vector<Component> components;
  int across = 1, down = 1;  // of the component with most blocks
  int mcus_x = 0, mcus_y = 0, mcu_blocks = 0;
  std::array<std::array<std::uint16_t, 64>, 4> quantisers{};  // in zigzag order
  std::vector<Scan> scans;
  std::size_t end = 0;  // behind the end marker
  std::size_t coefficients() const {
    return static_cast<std::size_t>(mcus_x) * static_cast<std::size_t>(mcus_y) * static_cast<std::size_t>(mcu_blocks) *
           64;
  }
};

// Walks all segments; every scan must be where the one before it leaves off, so that writing the scans anew carries
// every bit of any coefficients. Raises Error.
Frame parse(const std::uint8_t* data, std::size_t size);

// The coefficients of the file that the frame is of. `out` has frame.coefficients() zeros. Raises Error.
void decode(const Frame& frame, const std::uint8_t* data, std::int16_t* out);

// The scans of the frame, with the Huffman tables that suit these coefficients best, up to the end marker and with it.
std::string encode(const Frame& frame, const std::int16_t* coefficients);

// The file whose frame this is with other coefficients in the place of its entropy-coded data: its own tables.
std::string replay(const Frame& frame, const std::uint8_t* data, std::size_t size, const std::int16_t* coefficients);

// A frame of `count` MCUs in a row and one sequential scan over all of it.
Frame strip(const Frame& like, int count);

// Coefficients of `count` MCUs as Huffman tables and one scan, for seals; and back. Raises Error.
std::string pack(const Frame& like, int count, const std::int16_t* coefficients);
void unpack(const Frame& like, int count, const std::uint8_t* data, std::size_t size, std::int16_t* out);

// Samples that begin at the MCU in `row`, `column`.
struct Samples {
  const std::uint8_t* data;  // (rows * MCU height, columns * MCU width, channels) without gaps
  int row, column, rows, columns;
  bool colours;  // RGB samples of a file in YCbCr; otherwise channels are components
};

// Transforms and quantises samples: colours by JFIF, chroma by the mean of its pixels, all in whole numbers, so that
// the answer is one everywhere. `out` has (rows, columns, blocks, 64) coefficients. Blocks without pixels have no AC.
void forward(const Frame& frame, const Samples& samples, std::int16_t* out);

// The place of a component's block.
inline std::size_t offset_of(const Frame& frame, const Component& component, int y, int x) {
  const auto mcu = static_cast<std::size_t>(y / component.down) * static_cast<std::size_t>(frame.mcus_x) +
                   static_cast<std::size_t>(x / component.across);
  const int block = component.first + y % component.down * component.across + x % component.across;
  return (mcu * static_cast<std::size_t>(frame.mcu_blocks) + static_cast<std::size_t>(block)) * 64;
}

// Calls visit(place of the component in the scan, offset of the block) for each block of a scan, and restart(number)
// where a restart marker stands, 0 to 7.
template <typename Visit, typename Restart>
void walk(const Frame& frame, const Scan& scan, Visit visit, Restart restart) {
  int left = scan.restart, number = 0;
  const auto begin_mcu = [&] {
    if (scan.restart > 0 && left-- == 0) {
      restart(number);
      number = (number + 1) & 7;
      left = scan.restart - 1;
    }
  };
  if (scan.components.size() == 1) {
    const Component& component = frame.components[static_cast<std::size_t>(scan.components[0])];
    for (int y = 0; y < component.blocks_y; ++y)
      for (int x = 0; x < component.blocks_x; ++x) {
        begin_mcu();
        visit(0, offset_of(frame, component, y, x));
      }
    return;
  }
  for (int row = 0; row < frame.mcus_y; ++row)
    for (int column = 0; column < frame.mcus_x; ++column) {
      begin_mcu();
      for (std::size_t i = 0; i < scan.components.size(); ++i) {
        const Component& component = frame.components[static_cast<std::size_t>(scan.components[i])];
        const std::size_t start = offset_of(frame, component, row * component.down, column * component.across);
        const int blocks = component.across * component.down;
        for (int block = 0; block < blocks; ++block)
          visit(static_cast<int>(i), start + static_cast<std::size_t>(block) * 64);
      }
    }
}

}  // namespace fastperturb::jpeg

// Coefficients to entropy-coded data (ITU-T T.81, annexes F and G), in the scans that a file had. Each scan is walked
// twice: once to count its symbols, for the shortest Huffman tables (annex K.2), and once to write.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "jpeg.hpp"
#include "jpeg_huffman.hpp"

namespace fastperturb::jpeg {
namespace {

constexpr int most_corrections = 937;  // held back before a run of blocks is written, as libjpeg has it
constexpr int longest_run = 0x7FFF;

// How many bits each number up to 255 has.
constexpr std::array<std::uint8_t, 256> make_sizes() {
  std::array<std::uint8_t, 256> sizes{};
  for (std::size_t i = 1; i < 256; ++i) sizes[i] = static_cast<std::uint8_t>(sizes[i / 2] + 1);
  return sizes;
}
constexpr std::array<std::uint8_t, 256> sizes = make_sizes();

int size_of(int value) {
  auto rest = static_cast<std::size_t>(std::abs(value));
  int size = 0;
  for (; rest > 255; rest >>= 8) size += 8;
  return size + sizes[rest];
}

// Whether four coefficients from k on are all zero, as most are.
bool four_zeros(const std::int16_t* block, int k) {
  std::uint64_t four;
  std::memcpy(&four, block + k, 8);
  return four == 0;
}

template <typename Sink>
class ScanEncoder {
 public:
  ScanEncoder(const Frame& frame, const Scan& scan, const std::int16_t* from, Sizes most, Sink& sink)
      : frame_(frame), scan_(scan), from_(from), most_(most), sink_(sink) {}

  void run() {
    const auto restart = [this](int number) {
      end_run();
      sink_.restart(number);
      before_.fill(0);
    };
    if (!frame_.progressive)
      walk(frame_, scan_, [this](int i, std::size_t at) { sequential(i, from_ + at); }, restart);
    else if (scan_.first == 0 && scan_.high == 0)
      walk(frame_, scan_, [this](int i, std::size_t at) { dc(i, from_[at]); }, restart);
    else if (scan_.first == 0)
      walk(frame_, scan_, [this](int, std::size_t at) { sink_.bits(from_[at] >> scan_.low, 1); }, restart);
    else if (scan_.high == 0)
      walk(frame_, scan_, [this](int, std::size_t at) { ac_first(from_ + at); }, restart);
    else
      walk(frame_, scan_, [this](int, std::size_t at) { ac_refine(from_ + at); }, restart);
    end_run();
  }

 private:
  void number(int value, int size) { sink_.bits(value < 0 ? value - 1 : value, size); }

  void dc(int i, int value) {
    int& before = before_[static_cast<std::size_t>(i)];
    const int shifted = value >> scan_.low, difference = shifted - before, size = size_of(difference);
    if (size > most_.dc) throw Error("damaged: a coefficient is larger than any can be");
    before = shifted;
    sink_.symbol(scan_.dc[static_cast<std::size_t>(i)], size);
    number(difference, size);
  }

  void sequential(int i, const std::int16_t* block) {
    dc(i, block[0]);
    const int table = scan_.ac[static_cast<std::size_t>(i)] + ac_tables;
    int run = 0;
    for (int k = 1; k < 64; ++k) {
      while (k <= 60 && four_zeros(block, k)) k += 4, run += 4;
      if (k > 63) break;
      if (block[k] == 0) {
        ++run;
        continue;
      }
      for (; run > 15; run -= 16) sink_.symbol(table, 0xF0);
      const int size = ac_size(block[k]);
      sink_.symbol(table, run * 16 + size);
      number(block[k], size);
      run = 0;
    }
    if (run > 0) sink_.symbol(table, 0);
  }

  int ac_size(int value) const {
    const int size = size_of(value);
    if (size > most_.ac) throw Error("damaged: a coefficient is larger than any can be");
    return size;
  }

  // Blocks that held nothing more, and the corrections that go with them.
  void end_run() {
    if (zero_blocks_ == 0) return;
    int size = 0;
    while (zero_blocks_ >> (size + 1) != 0) ++size;
    sink_.symbol(scan_.ac[0] + ac_tables, size * 16);
    sink_.bits(zero_blocks_, size);
    zero_blocks_ = 0;
    correct(held_);
    held_.clear();
  }

  void correct(const std::vector<std::uint8_t>& corrections) {
    for (const std::uint8_t bit : corrections) sink_.bits(bit, 1);
  }

  void ac_first(const std::int16_t* block) {
    const int table = scan_.ac[0] + ac_tables;
    int run = 0;
    for (int k = scan_.first; k <= scan_.last; ++k) {
      const int value = block[k] < 0 ? -(-block[k] >> scan_.low) : block[k] >> scan_.low;
      if (value == 0) {
        ++run;
        continue;
      }
      end_run();
      for (; run > 15; run -= 16) sink_.symbol(table, 0xF0);
      const int size = ac_size(value);
      sink_.symbol(table, run * 16 + size);
      number(value, size);
      run = 0;
    }
    if (run > 0 && ++zero_blocks_ == longest_run) end_run();
  }

  void ac_refine(const std::int16_t* block) {
    const int table = scan_.ac[0] + ac_tables;
    std::array<int, 64> size{};
    int last = 0;  // the last coefficient that begins here
    for (int k = scan_.first; k <= scan_.last; ++k) {
      size[static_cast<std::size_t>(k)] = std::abs(block[k]) >> scan_.low;
      if (size[static_cast<std::size_t>(k)] == 1) last = k;
    }
    int run = 0;
    own_.clear();
    for (int k = scan_.first; k <= scan_.last; ++k) {
      const int value = size[static_cast<std::size_t>(k)];
      if (value == 0) {
        ++run;
        continue;
      }
      for (; run > 15 && k <= last; run -= 16) {
        end_run();
        sink_.symbol(table, 0xF0);
        correct(own_);
        own_.clear();
      }
      if (value > 1) {
        own_.push_back(static_cast<std::uint8_t>(value & 1));
        continue;
      }
      end_run();
      sink_.symbol(table, run * 16 + 1);
      sink_.bits(block[k] < 0 ? 0 : 1, 1);
      correct(own_);
      own_.clear();
      run = 0;
    }
    if (run > 0 || !own_.empty()) {
      ++zero_blocks_;
      held_.insert(held_.end(), own_.begin(), own_.end());
      if (zero_blocks_ == longest_run || static_cast<int>(held_.size()) > most_corrections) end_run();
    }
  }

  const Frame& frame_;
  const Scan& scan_;
  const std::int16_t* from_;
  Sizes most_;
  Sink& sink_;
  std::array<int, 3> before_{};
  int zero_blocks_ = 0;
  std::vector<std::uint8_t> held_, own_;
};

void put_word(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}

void put_table(std::string& out, const HuffmanTable& table) {
  for (std::size_t length = 1; length <= 16; ++length) out += static_cast<char>(table.counts[length]);
  out.append(table.symbols.begin(), table.symbols.end());
}

// One scan with its own tables: DHT and SOS, and its data.
void put_scan(const Frame& frame, const Scan& scan, const std::int16_t* from, std::string& out) {
  Counter counter;
  ScanEncoder<Counter>(frame, scan, from, file_sizes, counter).run();
  Writer writer(out);
  std::string tables;
  for (std::size_t i = 0; i < 8; ++i) {
    if (!counter.is_used(i)) continue;
    const HuffmanTable best = counter.best(i);
    tables += static_cast<char>(i % ac_tables + i / ac_tables * 16);
    put_table(tables, best);
    writer.use(i, best);
  }
  if (!tables.empty()) {
    out += "\xFF\xC4";
    put_word(out, tables.size() + 2);
    out += tables;
  }
  out += "\xFF\xDA";
  put_word(out, 6 + 2 * scan.components.size());
  out += static_cast<char>(scan.components.size());
  for (std::size_t i = 0; i < scan.components.size(); ++i) {
    out += static_cast<char>(frame.components[static_cast<std::size_t>(scan.components[i])].id);
    out += static_cast<char>(scan.dc[i] * 16 + scan.ac[i]);
  }
  out += static_cast<char>(scan.first);
  out += static_cast<char>(scan.last);
  out += static_cast<char>(scan.high * 16 + scan.low);
  ScanEncoder<Writer>(frame, scan, from, file_sizes, writer).run();
  writer.end();
}

}  // namespace

std::string encode(const Frame& frame, const std::int16_t* coefficients) {
  std::string out;
  int restart = 0;
  for (const Scan& scan : frame.scans) {
    if (scan.restart != restart) {
      out += "\xFF\xDD";
      put_word(out, 4);
      put_word(out, static_cast<std::size_t>(scan.restart));
      restart = scan.restart;
    }
    put_scan(frame, scan, coefficients, out);
  }
  return out += "\xFF\xD9";
}

std::string replay(const Frame& frame, const std::uint8_t* data, std::size_t size, const std::int16_t* coefficients) {
  std::string out;
  std::size_t at = 0;
  const auto copy = [&](std::size_t end) {
    out.append(reinterpret_cast<const char*>(data) + at, end - at);
    at = end;
  };
  for (const Scan& scan : frame.scans) {
    copy(scan.begin);
    Writer writer(out);
    for (std::size_t i = 0; i < 8; ++i)
      if (scan.tables[i]) writer.use(i, *scan.tables[i]);
    ScanEncoder<Writer>(frame, scan, coefficients, file_sizes, writer).run();
    writer.end();
    at = scan.end;
  }
  copy(size);
  return out;
}

Frame strip(const Frame& like, int count) {
  Frame frame = like;
  frame.scans.clear();
  frame.progressive = false;
  frame.mcus_x = count;
  frame.mcus_y = 1;
  Scan scan;
  for (std::size_t i = 0; i < frame.components.size(); ++i) {
    scan.components.push_back(static_cast<int>(i));
    scan.dc.push_back(i > 0);
    scan.ac.push_back(i > 0);
  }
  if (frame.components.size() == 1) {
    frame.components[0].blocks_x = count;
    frame.components[0].blocks_y = 1;
  }
  frame.scans.push_back(scan);
  return frame;
}

std::string pack(const Frame& like, int count, const std::int16_t* coefficients) {
  const Frame frame = strip(like, count);
  const Scan& scan = frame.scans[0];
  Counter counter;
  ScanEncoder<Counter>(frame, scan, coefficients, any_sizes, counter).run();
  std::string out;
  Writer writer(out);
  const int used = frame.components.size() > 1 ? 2 : 1;
  for (int i = 0; i < 2 * used; ++i) {
    const auto place = static_cast<std::size_t>(i / 2 + i % 2 * ac_tables);
    const HuffmanTable best = counter.best(place);
    put_table(out, best);
    writer.use(place, best);
  }
  ScanEncoder<Writer>(frame, scan, coefficients, any_sizes, writer).run();
  writer.end();
  return out;
}

}  // namespace fastperturb::jpeg

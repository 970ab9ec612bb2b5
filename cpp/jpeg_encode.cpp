// Coefficients to entropy-coded data (ITU-T T.81, annexes F and G), in the scans that a file had. The symbols of each
// scan are counted before they are written, for the shortest Huffman tables (annex K.2). Sequential scans keep what was
// counted, four bytes a symbol; large ones, and progressive ones, which have symbols of single bits, are walked twice.
#include <string>

#include "jpeg.hpp"
#include "jpeg_scan_encoder.hpp"

namespace fastperturb::jpeg {
namespace {

void put_word(std::string& out, std::size_t value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}

void put_table(std::string& out, const HuffmanTable& table) {
  for (std::size_t length = 1; length <= 16; ++length) out += static_cast<char>(table.counts[length]);
  out.append(table.symbols.begin(), table.symbols.end());
}

constexpr std::size_t most_kept = std::size_t{1} << 24;  // coefficients whose symbols are kept: 64 MiB at most

// Writes what was counted.
void write_scan(Recorder& counted, const Frame&, const Scan&, const std::int16_t*, Sizes, Writer& writer) {
  writer.replay(counted);
  writer.end();
}
void write_scan(const Counter&, const Frame& frame, const Scan& scan, const std::int16_t* from, Sizes most,
                Writer& writer) {
  ScanEncoder<Writer>(frame, scan, from, most, writer).run();
  writer.end();
}

// One scan with its own tables: DHT and SOS, and its data.
template <typename Sink>
void put_scan(const Frame& frame, const Scan& scan, const std::int16_t* from, std::string& out) {
  Sink counter;
  ScanEncoder<Sink>(frame, scan, from, file_sizes, counter).run();
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
  write_scan(counter, frame, scan, from, file_sizes, writer);
}

// Tables and data of a scan for seals.
template <typename Sink>
std::string pack_scan(const Frame& frame, const std::int16_t* coefficients) {
  const Scan& scan = frame.scans[0];
  Sink counter;
  ScanEncoder<Sink>(frame, scan, coefficients, any_sizes, counter).run();
  std::string out;
  Writer writer(out);
  const int used = frame.components.size() > 1 ? 2 : 1;
  for (int i = 0; i < 2 * used; ++i) {
    const auto place = static_cast<std::size_t>(i / 2 + i % 2 * ac_tables);
    const HuffmanTable best = counter.best(place);
    put_table(out, best);
    writer.use(place, best);
  }
  write_scan(counter, frame, scan, coefficients, any_sizes, writer);
  return out;
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
    if (frame.progressive || frame.coefficients() > most_kept)
      put_scan<Counter>(frame, scan, coefficients, out);
    else
      put_scan<Recorder>(frame, scan, coefficients, out);
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
  return frame.coefficients() > most_kept ? pack_scan<Counter>(frame, coefficients)
                                          : pack_scan<Recorder>(frame, coefficients);
}

}  // namespace fastperturb::jpeg

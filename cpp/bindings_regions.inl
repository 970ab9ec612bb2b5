// The part of bindings.cpp that says which regions own which pixels.

namespace {

std::vector<std::uint64_t> owned_pixels(std::int64_t height, std::int64_t width,
                                        const std::vector<RegionTuple>& regions, int version) {
  return fp::owned_pixels(height, width, regions_of(regions), version_of(version));
}

void check_regions(std::int64_t height, std::int64_t width, const std::vector<RegionTuple>& regions, int version) {
  fp::clip(height, width, regions_of(regions), version_of(version));
}

using Labels = py::array_t<std::uint16_t, py::array::c_style>;

// (x, y, labels) of the box around all regions; windows and numbers of pixels are not read.
std::tuple<std::int64_t, std::int64_t, Labels> owner_labels(std::int64_t height, std::int64_t width,
                                                            const std::vector<RegionTuple>& tuples, int version) {
  const fp::Version rules = version_of(version);
  std::vector<fp::Region> regions = regions_of(tuples);
  for (fp::Region& region : regions) region.window = 1;
  fp::Owners owners;
  {
    const GilRelease released;
    owners = fp::owners_of(height, width, regions, rules);
  }
  Labels labels({owners.box.height, owners.box.width});
  std::copy(owners.labels.begin(), owners.labels.end(), labels.mutable_data());
  return {owners.box.x, owners.box.y, labels};
}

}  // namespace

// The part of bindings.cpp that says which regions own which pixels, and what they cover.

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

// Of each (x, y, width, height) in hundredths of a pixel, how much a region of `width` x `height` pixels covers.
std::vector<int> covered_points(const std::vector<std::array<std::int64_t, 4>>& heads, std::int64_t width,
                                std::int64_t height) {
  const auto is_small = [](std::int64_t value) { return value > -fp::most_hundredths && value < fp::most_hundredths; };
  if (width < 1 || height < 1 || width > fp::max_ellipse_side || height > fp::max_ellipse_side)
    throw py::value_error("width and height must be from 1 to " + std::to_string(fp::max_ellipse_side));
  std::vector<int> found;
  found.reserve(heads.size());
  for (const auto& [x, y, across, down] : heads) {
    if (!is_small(x) || !is_small(y) || !is_small(across) || !is_small(down))
      throw py::value_error("heads must lie within 2**33 hundredths of a pixel");
    found.push_back(fp::covered_points({x, y, across, down}, width, height));
  }
  return found;
}

}  // namespace

#include "apps/lab/store_runs.hpp"

#include "apps/lab/report.hpp"

#include <stdlib.h>
#include <system_error>

namespace libagent::lab {

void done_or_trouble(const expected<void>& result) {
  if (!result)
    throw store_trouble{result.error()};
}

lab_folder::lab_folder(const std::string& above) {
  const auto where =
      above.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path{above};
  auto pattern = (where / "agent-lab-store-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw store_trouble{{errc::io_failed, "make a folder in " + where.string()}};
  path_ = pattern;
}

lab_folder::~lab_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

double middle_of(std::vector<double> sample) {
  return quantiles_of(std::move(sample)).p50;
}

}  // namespace libagent::lab

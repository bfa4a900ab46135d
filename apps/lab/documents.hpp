#pragma once

#include "apps/lab/report.hpp"

#include <string>

namespace libagent::lab {

struct documents_options {
  std::string folder = "/usr/share";
};

/// Indexing speed against `grep -r` reading the same tree, and the latency of questions. Returns
/// the exit code.
[[nodiscard]] int run_documents(const lab_options& options, const documents_options& documents);

}  // namespace libagent::lab

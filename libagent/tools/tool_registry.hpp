#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/tool.hpp"
#include "libagent/tools/make_tool.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libagent {

/// The tools of one node, by name.
///
/// Filled while the program starts, and only read afterwards.
/// Thread safety: the const members may be called from any thread once nobody adds any more.
class tool_registry {
public:
  /// Adds a tool. Errors: `invalid_argument` for a name that is not `[A-Za-z0-9_-]{1,64}`, an empty
  /// description, a timeout that is not positive, or a `cache_ttl` of a tool that must not run
  /// twice; `already_exists`. A tool of `isolation::process` is taken as it is: who makes the node
  /// puts it into a process, with `in_worker_process`, or it is a program of its own.
  /// @pre `added` is not null.
  [[nodiscard]] expected<void> add(const std::shared_ptr<tool>& added);

  /// Makes a tool of a function and adds it; see `make_tool`.
  template <class Fn>
  [[nodiscard]] expected<void> add(tool_spec spec, Fn fn, const json_limits& limits = {}) {
    return add(make_tool(std::move(spec), std::move(fn), limits));
  }

  /// The tool, or null.
  [[nodiscard]] std::shared_ptr<tool> find(std::string_view name) const;

  /// The tool. Errors: `not_found`, with the nearest known name.
  [[nodiscard]] expected<std::shared_ptr<tool>> lookup(std::string_view name) const;

  /// All tools, sorted by name.
  [[nodiscard]] std::vector<std::shared_ptr<tool>> list() const;

private:
  std::map<std::string, std::shared_ptr<tool>, std::less<>> tools_;
};

}  // namespace libagent

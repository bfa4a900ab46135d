#pragma once

#include "apps/lab/isolation_contestant.hpp"
#include "apps/lab/isolation_node.hpp"
#include "apps/lab/isolation_pools.hpp"

#include <memory>
#include <string_view>

namespace libagent::lab {

/// Plain pools behind the project's HTTP server: every request is a short task.
[[nodiscard]] expected<std::unique_ptr<contestant>> make_http_pools(const bench_sizes& sizes,
                                                                    ranking ranks);

/// A node behind the same server: `POST /v1/tasks` with `wait`. Long tasks come from inside.
[[nodiscard]] expected<std::unique_ptr<contestant>> make_http_node(const bench_sizes& sizes,
                                                                   node_setup setup);

/// Reads a whole HTTP response with a Content-Length; good when its status is 200.
[[nodiscard]] wire_answer read_http_answer(std::string_view received);

}  // namespace libagent::lab

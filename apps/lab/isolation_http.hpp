#pragma once

#include "apps/lab/isolation_contestant.hpp"
#include "apps/lab/isolation_node.hpp"
#include "apps/lab/isolation_pools.hpp"

#include <memory>

namespace libagent::lab {

/// Plain pools behind the project's HTTP server: every request is a short task.
[[nodiscard]] expected<std::unique_ptr<contestant>> make_http_pools(const bench_sizes& sizes,
                                                                    ranking ranks);

/// A node behind the same server: `POST /v1/tasks` with `wait`. Long tasks come from inside.
[[nodiscard]] expected<std::unique_ptr<contestant>> make_http_node(const bench_sizes& sizes,
                                                                   const node_setup& setup);

}  // namespace libagent::lab

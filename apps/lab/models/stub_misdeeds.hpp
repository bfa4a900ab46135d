#pragma once

#include "apps/lab/models/stub_reply.hpp"
#include "libagent/base/random.hpp"

#include <cstdint>
#include <string>

namespace libagent::lab {

/// The fault that the n-th request of a server meets; `none` for most unless all shall.
[[nodiscard]] stub_fault draw_stub_fault(const stub_options& options, std::uint64_t number);

/// Does to a good reply what the fault says, exact for its seed. Faults of the text itself are
/// `make_stub_reply`'s.
[[nodiscard]] stub_reply spoil_stub_reply(stub_reply reply, stub_fault fault,
                                          const stub_options& options, seeded_random random);

/// The bytes of a response from its status line on, piece by piece. With a chunked body each piece
/// of it is a chunk.
[[nodiscard]] std::vector<stub_piece> wire_of(const stub_reply& reply);

}  // namespace libagent::lab

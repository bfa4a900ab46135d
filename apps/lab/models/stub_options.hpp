#pragma once

#include "libagent/base/expected.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libagent::lab {

/// What a model server does wrong with a request.
enum class stub_fault : std::uint8_t {
  none,
  cut,                 ///< Closes the connection somewhere in the body.
  stall,               ///< Stops somewhere in the body and keeps the connection open.
  garbage,             ///< Answers 200 with something else.
  rate_limited,        ///< 429 with Retry-After.
  rate_limited_bare,   ///< 429 without.
  server_error,        ///< 500.
  wrong_finish,        ///< Another finish_reason than what happened.
  split,               ///< The body in pieces that end anywhere, CRLF and comments in a stream.
  one_byte_arguments,  ///< Each byte of a tool's arguments in a delta of its own.
  bad_arguments,       ///< A tool's arguments that are no JSON.
  trickle,             ///< Three bytes at a time.
};

inline constexpr std::size_t stub_fault_kinds = 12;

[[nodiscard]] std::string_view fault_name(stub_fault fault);

/// Errors: `errc::invalid_argument`, naming all that there are.
[[nodiscard]] expected<stub_fault> stub_fault_of(std::string_view name);

/// How long a reply takes and what it consists of.
struct stub_load {
  std::chrono::milliseconds think{0};  ///< Before the first token.
  std::chrono::milliseconds gap{0};    ///< Between two tokens; with 0 all come at once.
  std::uint32_t tokens = 16;           ///< Of a text; 0 to 100,000.
  std::uint32_t rounds = 1;  ///< Replies that call tools before there is a text, if it has tools.
  std::uint32_t calls = 1;   ///< Tools called in each, 1 to 64.
  bool echo = false;         ///< What the user said last goes into text and arguments.
  std::optional<stub_fault> fault;  ///< Of this request; empty: as the server draws.
};

/// The load of a request, from its model's name: `NAME,tokens=200,think_ms=700,gap_ms=10,rounds=2,
/// calls=3,echo=1,fault=cut`, in any order. What it does not name is as in `usual`.
/// Errors: `errc::invalid_argument`.
[[nodiscard]] expected<stub_load> stub_load_of(std::string_view model, const stub_load& usual);

/// A model server that answers from nothing, under declared load.
struct stub_options {
  std::uint16_t port = 0;  ///< 0: any free one.
  stub_load load;
  std::vector<stub_fault> faults;  ///< One of them meets a request.
  double fault_share = 0;          ///< Of the requests, 0 to 1.
  std::uint64_t seed = 1;          ///< Of the faults: the n-th request meets the same.
  std::chrono::seconds retry_after{1};
  std::uint32_t slots = 4;
  std::uint32_t context_tokens =
      8'192;                     ///< A longer request is refused as llama.cpp's server does.
  std::uint32_t dimensions = 8;  ///< Of an embedding.
  std::string api_key;           ///< Empty: none is wanted.
};

}  // namespace libagent::lab

#pragma once

#include "apps/lab/models/stub_options.hpp"
#include "libagent/base/expected.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace libagent::lab {

/// What a stub server did so far; also what `GET /stats` says.
struct stub_counts {
  std::uint64_t requests = 0;
  std::uint64_t faults = 0;  ///< Requests that met one.
  std::array<std::uint64_t, stub_fault_kinds> by_fault{};
  std::uint64_t abandoned = 0;  ///< Replies whose reader left before their end.
  std::uint64_t open = 0;       ///< Connections now.
};

/// An OpenAI-compatible model server without a model, on 127.0.0.1: `/v1/chat/completions` as JSON
/// and as a stream, `/v1/embeddings`, `/v1/models`, llama.cpp's `/health` and `/props`, and
/// `/stats`. HTTP/1.1, connections are kept.
///
/// A request that has tools is answered with calls of the first one until there are results of so
/// many rounds, then with a text. Works on one thread of its own. Thread safety: all, but for the
/// destructor.
class stub_server {
public:
  /// Listens and serves until it is destroyed. Errors: `errc::io_failed`.
  [[nodiscard]] static expected<std::unique_ptr<stub_server>> start(const stub_options& options);

  stub_server(const stub_server&) = delete;
  stub_server& operator=(const stub_server&) = delete;
  ~stub_server();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] stub_counts counts() const;

private:
  class core;

  explicit stub_server(std::unique_ptr<core> inside);

  std::unique_ptr<core> core_;
};

/// Serves until a signal ends the process, after one line on standard output that says where:
/// `{"event":"ready","http":"http://127.0.0.1:PORT"}`. Returns the exit code.
[[nodiscard]] int run_model_server(const stub_options& options);

}  // namespace libagent::lab

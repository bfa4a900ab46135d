#pragma once

#include "libagent/ports/http_server.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace libagent::testing {

/// What became of one request, for tests that have no server. Keeps the promises of the port: an
/// exchange that goes without an answer counts as answered with 503.
struct exchange_outcome {
  std::optional<http_response> response;
  std::optional<int> stream_status;
  http_headers stream_headers;
  std::vector<std::string> pieces;
  bool finished = false;
};

class fake_exchange final : public http_exchange {
public:
  fake_exchange(http_request request, std::shared_ptr<exchange_outcome> outcome)
      : request_{std::move(request)}, outcome_{std::move(outcome)} {}

  ~fake_exchange() override {
    if (!outcome_->response && !outcome_->stream_status) {
      outcome_->response = http_response{.status = 503};
    }
  }

  [[nodiscard]] const http_request& request() const override { return request_; }

  void respond(http_response response) override {
    if (!outcome_->response) {
      outcome_->response = std::move(response);
      forget_callbacks();
    }
  }

  void start_stream(int status, http_headers headers) override {
    outcome_->stream_status = status;
    outcome_->stream_headers = std::move(headers);
  }

  stream_write write(std::string piece) override {
    if (gone_ || outcome_->finished) {
      return stream_write::closed;
    }
    if (piece.empty()) {
      return stream_write::accepted;
    }
    outcome_->pieces.push_back(std::move(piece));
    return next_write;
  }

  void finish() override {
    outcome_->finished = true;
    forget_callbacks();
  }

  void on_disconnect(std::function<void()> callback) override {
    if (gone_) {
      callback();
    } else {
      callback_ = std::move(callback);
    }
  }

  void on_drained(std::function<void()> callback) override { drained_ = std::move(callback); }

  /// What is written from now on does not fit, until `drain`.
  void congest() { next_write = stream_write::congested; }

  /// The client has read all.
  void drain() {
    next_write = stream_write::accepted;
    if (auto callback = std::exchange(drained_, nullptr)) {
      callback();
    }
  }

  /// The client goes away.
  void disconnect() {
    gone_ = true;
    drained_ = nullptr;
    if (auto callback = std::exchange(callback_, nullptr)) {
      callback();
    }
  }

  stream_write next_write = stream_write::accepted;

private:
  void forget_callbacks() {
    callback_ = nullptr;
    drained_ = nullptr;
  }

  http_request request_;
  std::shared_ptr<exchange_outcome> outcome_;
  std::function<void()> callback_;
  std::function<void()> drained_;
  bool gone_ = false;
};

}  // namespace libagent::testing

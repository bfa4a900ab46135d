#pragma once

#include "actors/gateway_line.hpp"
#include "libagent/base/time.hpp"
#include "libagent/models/provider_settings.hpp"
#include "libagent/ports/chat_model.hpp"
#include "libagent/ports/model_order.hpp"
#include "libagent/ports/span_source.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace libagent::actors {

/// What is known of an order from its arrival on.
struct flight_plan {
  std::size_t provider = 0;
  std::string model;                         ///< As the provider calls it.
  const model_settings* settings = nullptr;  ///< Null: not declared.
  std::uint64_t prompt_tokens = 0;           ///< Estimated.
  time_point ordered;
  std::uint64_t ordered_unix_nanos = 0;
  std::optional<span_place> span;  ///< Of the span that it will make; absent: none.
  std::string trace;               ///< W3C traceparent for the provider; empty: none.
};

/// An order on its way through the gateway: it is shared with the callbacks that a provider holds.
///
/// It is answered exactly once, and nothing is passed on after that; one that is destroyed without
/// an answer answers `unavailable`. Thread safety: `answer` and the callbacks, any thread; the
/// rest, the gateway's.
class model_flight : public std::enable_shared_from_this<model_flight> {
public:
  explicit model_flight(flight_plan plan) : plan_{std::move(plan)} {}

  model_flight(const model_flight&) = delete;
  model_flight& operator=(const model_flight&) = delete;
  virtual ~model_flight() = default;

  /// Sends the order once (more).
  void start(chat_model& model, const gateway_line_ptr& line, std::uint64_t id);

  /// Ends the present attempt at once.
  void halt() { halt_.request_stop(); }

  /// From now on a stop of the order ends the attempt and is told to the gateway.
  void heed(const std::stop_token& stop, const gateway_line_ptr& line, std::uint64_t id);

  /// Does nothing when it was answered before.
  virtual void answer(model_end end) = 0;

  /// Whether something of the present attempt was passed on.
  [[nodiscard]] virtual std::optional<time_point> first_delta() const { return std::nullopt; }

  [[nodiscard]] const flight_plan& plan() const { return plan_; }

  [[nodiscard]] std::uint32_t attempts() const { return attempts_; }

  /// When it was sent first; empty: never.
  [[nodiscard]] std::optional<time_point> sent() const { return sent_; }

  /// What it asks for beyond the plan, for reports; null: it is no chat.
  [[nodiscard]] virtual const model_order* chat() const { return nullptr; }

protected:
  virtual void send(chat_model& model, const gateway_line_ptr& line, std::uint64_t id) = 0;

  [[nodiscard]] std::stop_token halt_token() const { return halt_.get_token(); }

private:
  /// Owns all that it uses, as it may run while the flight goes away.
  struct stop_listener {
    std::stop_source halt;
    gateway_line_ptr line;
    std::uint64_t id;

    void operator()() const noexcept;
  };

  flight_plan plan_;
  std::uint32_t attempts_ = 0;
  std::optional<time_point> sent_;
  std::stop_source halt_;
  std::optional<std::stop_callback<stop_listener>> on_stop_;
};

using model_flight_ptr = std::shared_ptr<model_flight>;

/// A chat's order on its way.
class chat_flight final : public model_flight {
public:
  /// `request` is what is sent; the order's own one is not.
  chat_flight(flight_plan plan, model_order order, std::shared_ptr<const chat_request> request);
  chat_flight(const chat_flight&) = delete;
  chat_flight& operator=(const chat_flight&) = delete;
  ~chat_flight() override;

  void answer(model_end end) override;
  [[nodiscard]] std::optional<time_point> first_delta() const override;

  [[nodiscard]] const model_order* chat() const override { return &order_; }

  [[nodiscard]] const chat_request& request() const { return *request_; }

private:
  void send(chat_model& model, const gateway_line_ptr& line, std::uint64_t id) override;
  void pass_on(std::uint32_t attempt, const chat_delta& delta, const gateway_line& line);

  model_order order_;
  std::shared_ptr<const chat_request> request_;
  mutable std::mutex mutex_;  // guards what follows, and that nothing is passed on after the end
  std::function<void(model_end)> on_end_;
  std::uint32_t attempt_ = 0;
  std::optional<time_point> first_delta_;
};

/// An order of embeddings on its way.
class embedding_flight final : public model_flight {
public:
  embedding_flight(flight_plan plan, std::shared_ptr<const embedding_call> call);
  embedding_flight(const embedding_flight&) = delete;
  embedding_flight& operator=(const embedding_flight&) = delete;
  ~embedding_flight() override;

  void answer(model_end end) override;

private:
  void send(chat_model& model, const gateway_line_ptr& line, std::uint64_t id) override;

  std::shared_ptr<const embedding_call> call_;
  std::mutex mutex_;
  bool is_answered_ = false;
  std::optional<embedding_call::reply> reply_;
};

}  // namespace libagent::actors

#include "actors/bridge/errors.hpp"

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace libagent::actors {

namespace {

/// The last string of the context: CAF puts the text of an exception behind its type.
std::string last_text_of(const caf::message& context) {
  for (auto index = context.size(); index-- > 0;) {
    if (context.match_element<std::string>(index))
      return context.get_as<std::string>(index);
  }
  return {};
}

/// What `to_caf_error` put behind the text.
std::optional<std::chrono::milliseconds> retry_after_of(const caf::message& context) {
  const auto size = context.size();
  if (size == 0 || !context.match_element<std::int64_t>(size - 1))
    return std::nullopt;
  return std::chrono::milliseconds{context.get_as<std::int64_t>(size - 1)};
}

errc code_of(caf::sec code) {
  switch (code) {
    case caf::sec::request_timeout:
    case caf::sec::connection_timeout: return errc::deadline_exceeded;
    case caf::sec::request_receiver_down:
    case caf::sec::broken_promise:
    case caf::sec::all_requests_failed:
    case caf::sec::cannot_connect_to_node:
    case caf::sec::disconnect_during_handshake:
    case caf::sec::no_actor_published_at_port:
    case caf::sec::remote_lookup_failed: return errc::unavailable;
    case caf::sec::invalid_argument:
    case caf::sec::unexpected_message: return errc::invalid_argument;
    default: return errc::internal;
  }
}

error from_system_error(const caf::error& err) {
  const auto code = static_cast<caf::sec>(err.code());
  auto text = last_text_of(err.context());
  if (code == caf::sec::runtime_error && !text.empty())
    return {errc::internal, "actor failed: " + std::move(text)};
  return {code_of(code), "message to an actor: " + to_string(err)};
}

}  // namespace

caf::error to_caf_error(const error& err) {
  if (err.code == errc::ok)
    return {};
  if (err.retry_after)
    return caf::make_error(err.code, err.context, std::int64_t{err.retry_after->count()});
  return caf::make_error(err.code, err.context);
}

error from_caf_error(const caf::error& err) {
  if (!err)
    return {errc::unavailable, "message to an actor: it ended before it answered"};
  if (err.category() == caf::type_id_v<errc>) {
    return {.code = static_cast<errc>(err.code()),
            .context = last_text_of(err.context()),
            .retry_after = retry_after_of(err.context())};
  }
  if (err.category() == caf::type_id_v<caf::sec>)
    return from_system_error(err);
  if (err.category() == caf::type_id_v<caf::exit_reason>)
    return {errc::unavailable, "message to an actor: it ended with " + to_string(err)};
  return {errc::internal, to_string(err)};
}

caf::result<void> to_caf_result(const expected<void>& outcome) {
  if (!outcome)
    return to_caf_error(outcome.error());
  return caf::result<void>{};
}

}  // namespace libagent::actors

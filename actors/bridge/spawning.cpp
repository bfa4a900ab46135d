#include "actors/bridge/spawning.hpp"

#include "actors/bridge/actor_system.hpp"
#include "actors/bridge/errors.hpp"
#include "libagent/telemetry/actor_events.hpp"

#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>
#include <caf/type_id_list.hpp>

#include <exception>
#include <string>
#include <string_view>

namespace libagent::actors {

namespace {

caf::skippable_result report_and_drop(caf::scheduled_actor* self, caf::message& what) {
  // Only the types are named: the content may be a prompt or a secret.
  const auto types = to_string(what.types());
  events_of(self->system())
      .emit(events::message_unexpected, {{"actor", std::string_view{self->name()}},
                                         {"actor_id", std::uint64_t{self->id()}},
                                         {"message", std::string_view{types}}});
  return caf::make_error(caf::sec::unexpected_message);
}

void report_error(caf::scheduled_actor* self, const caf::error& err) {
  const auto reason = to_string(from_caf_error(err));
  events_of(self->system())
      .emit(events::error_unexpected, {{"actor", std::string_view{self->name()}},
                                       {"actor_id", std::uint64_t{self->id()}},
                                       {"reason", std::string_view{reason}}});
}

caf::error exception_to_reason(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& ex) {
    return to_caf_error({errc::internal, std::string{"actor threw: "} + ex.what()});
  } catch (...) {
    return to_caf_error({errc::internal, "actor threw: something that is not a std::exception"});
  }
}

}  // namespace

void set_quiet_handlers(caf::scheduled_actor* self) {
  self->set_default_handler(report_and_drop);
  self->set_error_handler([self](caf::error& err) { report_error(self, err); });
  self->set_down_handler([](caf::down_msg&) {});
  self->set_node_down_handler([](caf::node_down_msg&) {});
  self->set_exit_handler([self](caf::exit_msg& order) {
    if (order.reason)
      self->quit(std::move(order.reason));
  });
  self->set_exception_handler(
      [](std::exception_ptr& thrown) { return exception_to_reason(thrown); });
}

}  // namespace libagent::actors

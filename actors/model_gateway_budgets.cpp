// What the model gateway does so that budgets outlive the process.

#include "actors/bridge/directory.hpp"
#include "actors/bridge/errors.hpp"
#include "actors/bridge/priority.hpp"
#include "actors/model_gateway.hpp"
#include "actors/paths.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace libagent::actors {

namespace {

// Together with the commit it is to be no more than a second.
constexpr std::chrono::milliseconds spending_pause{500};
constexpr std::chrono::milliseconds spending_retry{1'000};

void refuse_order(const model_order& order, const error& why) {
  order.on_end({.end = {.reply = why, .so_far = {}}});
}

void refuse_order(const embedding_order& order, const error& why) {
  order.call->on_end(why);
}

session_commit commit_of(const std::vector<kept_spending>& rows) {
  return {std::make_shared<const std::vector<session_write>>(1, keep_spending{rows})};
}

}  // namespace

usage_payers model_gateway_state::payers_of(const model_order& order) const {
  const auto budget = options_.client_budget(order.client);
  return {.client = order.client,
          .agent = order.agent,
          .turn_left_micro = order.cost_left_micro,
          .agent_budget_micro = order.agent_budget_micro,
          .client_budget_micro = budget.cost_micro,
          .client_budget_tokens = budget.tokens};
}

usage_payers model_gateway_state::payers_of(const embedding_order& order) const {
  const auto budget = options_.client_budget(order.client);
  return {.client = order.client,
          .agent = {},
          .turn_left_micro = {},
          .client_budget_micro = budget.cost_micro,
          .client_budget_tokens = budget.tokens};
}

void model_gateway_state::read_spending() {
  spending_due_.reset();
  if (!options_.keeps_spending) {
    knows_spending_ = true;
    return;
  }
  const auto keeper = find<session_keeper_actor>(self_->system(), session_keeper_path);
  if (!keeper)
    return spending_unread({errc::unavailable, "the session keeper is being restarted"});
  self_->request<urgent>(keeper, caf::infinite, lookup_atom_v, budget_day(options_.unix_time()))
      .then([this](const spending_of_day& kept) { take_spending(kept.rows); },
            [this](const caf::error& why) { spending_unread(from_caf_error(why)); });
}

void model_gateway_state::take_spending(const std::vector<kept_spending>& kept) {
  gate_.ledger().restore(kept, options_.unix_time());
  knows_spending_ = true;
  for (auto& order : std::exchange(until_spending_known_, {})) {
    if (auto* chat = std::get_if<model_order>(&order)) {
      take_chat(*chat);
    } else {
      take_embedding(std::get<embedding_order>(order));
    }
  }
}

/// Without it a budget would begin anew, which a client could bring about again and again.
void model_gateway_state::spending_unread(const error& why) {
  const error shown{errc::unavailable, "read what was spent of budgets: " + why.context,
                    spending_retry};
  for (const auto& order : std::exchange(until_spending_known_, {}))
    std::visit([&shown](const auto& one) { refuse_order(one, shown); }, order);
  spending_due_ = options_.now() + spending_retry;
  arm_timer();
}

void model_gateway_state::look_after_spending() {
  if (!options_.keeps_spending)
    return;
  const auto present = options_.now();
  if (spending_due_ && *spending_due_ <= present) {
    if (knows_spending_) {
      write_spending();
    } else {
      read_spending();
    }
  }
  if (knows_spending_ && !spending_due_ && !writes_spending_ && gate_.ledger().has_changed())
    spending_due_ = present + spending_pause;
}

void model_gateway_state::write_spending() {
  spending_due_.reset();
  const auto keeper = find<session_keeper_actor>(self_->system(), session_keeper_path);
  if (!keeper)
    return;  // It stays changed, and is tried again.
  auto rows = gate_.ledger().take_changed();
  if (rows.empty())
    return;
  writes_spending_ = true;
  const auto what = commit_of(rows);
  self_->request<urgent>(keeper, caf::infinite, commit_atom_v, what)
      .then(
          [this] {
            writes_spending_ = false;
            settle();
          },
          [this, rows = std::move(rows)](const caf::error&) {
            // The keeper reports that it cannot store.
            writes_spending_ = false;
            gate_.ledger().mark_changed(rows);
            settle();
          });
}

/// Nobody is left to hear whether it was stored.
void model_gateway_state::write_last_spending() {
  if (!options_.keeps_spending || !knows_spending_)
    return;
  // Orders that were never sent have cost nothing.
  for (const auto& [id, flight] : flights_)
    (void)gate_.cancel(id, now());
  const auto rows = gate_.ledger().take_changed();
  const auto keeper = find<session_keeper_actor>(self_->system(), session_keeper_path);
  if (keeper && !rows.empty())
    caf::anon_send<urgent>(keeper, commit_atom_v, commit_of(rows));
}

}  // namespace libagent::actors

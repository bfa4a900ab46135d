#pragma once

#include "libagent/telemetry/event.hpp"

#include <array>

/// What is reported of the journal, and of tasks that came back from it.
namespace libagent::events {

inline constexpr event_kind journal_resumed{
    "journal.resumed", event_level::info,
    "The journal was read: tasks that had not ended go on. Fields: tasks, interrupted, keys, "
    "schedules, took_ms."};

inline constexpr event_kind journal_damaged{
    "journal.damaged", event_level::error,
    "Something in the journal could not be read; what is intact is served. Fields: what."};

inline constexpr event_kind journal_failing{
    "journal.failing", event_level::error,
    "The journal cannot be written, so no durable task is accepted. Fields: reason, for_good."};

inline constexpr event_kind journal_recovered{"journal.recovered", event_level::info,
                                              "The journal can be written again. Fields: none."};

inline constexpr event_kind journal_upkeep_failed{
    "journal.upkeep_failed", event_level::warning,
    "Old tasks could not be removed, or the journal could not be synced. Fields: reason."};

inline constexpr event_kind late_answer{
    "task.late_answer", event_level::warning,
    "An answer came for an attempt that was over, and was refused. Fields: task, attempt."};

inline constexpr event_kind process_crashed{
    "process.crashed", event_level::error,
    "An earlier process of this node crashed. Fields: signal, tool, task, backtrace."};

inline constexpr event_kind schedule_failed{
    "schedule.failed", event_level::warning,
    "A schedule's task could not be submitted; its next time counts. Fields: schedule, reason."};

inline constexpr std::array journal_events{
    schedule_failed,   journal_resumed,       journal_damaged, journal_failing,
    journal_recovered, journal_upkeep_failed, late_answer,     process_crashed};

}  // namespace libagent::events

#include "audit/witnesses.h"

#include <future>

namespace mayfly::audit {
namespace {

Error NoWitness(Seconds age_max) {
  Error error =
      Fail(ErrorCode::kStoreUnavailable, "audit.no-witness",
           "the audit log has had no checkpoint that enough witnesses cosigned for over " +
               std::to_string(age_max.count()) + " s; nothing is released without one");
  error.retry_after = Milliseconds(1000);
  return error;
}

}  // namespace

Witnesses::~Witnesses() {
  stopping_ = true;
  {
    std::lock_guard lock(mutex_);  // so that the thread waits, or has not looked yet
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Witnesses::Start() {
  if (!parts_.witnesses.empty()) thread_ = std::thread([this] { Run(); });
}

void Witnesses::Offer(const PublishedCheckpoint& checkpoint, BootTime begun) {
  if (parts_.witnesses.empty()) return;
  {
    std::lock_guard lock(mutex_);
    newest_ = Offered{checkpoint, begun};
  }
  wake_.notify_all();
}

Status Witnesses::MayRelease() const {
  if (!parts_.age_max) return Ok();
  std::lock_guard lock(mutex_);
  if (covered_ && parts_.clock.BootNow() - *covered_ <= *parts_.age_max) return Ok();
  return NoWitness(*parts_.age_max);
}

std::optional<Milliseconds> Witnesses::Age() const {
  std::lock_guard lock(mutex_);
  if (!covered_) return std::nullopt;
  return std::chrono::duration_cast<Milliseconds>(parts_.clock.BootNow() - *covered_);
}

// With mutex_ held.
bool Witnesses::IsDue() const {
  if (!newest_) return false;
  const auto passed = submitted_at_ ? parts_.clock.BootNow() - *submitted_at_ : kSubmitAgainAfter;
  const bool is_new = newest_->checkpoint.note != submitted_;
  return passed >= (is_new ? kSubmitEvery : kSubmitAgainAfter);
}

void Witnesses::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (IsDue()) {
      const Offered offered = *newest_;
      submitted_ = offered.checkpoint.note;
      submitted_at_ = parts_.clock.BootNow();
      lock.unlock();
      Submit(offered);
      lock.lock();
    }
    wake_.wait_for(lock, kSubmitEvery, [this] { return stopping_ || IsDue(); });
  }
}

void Witnesses::Submit(const Offered& offered) {
  auto note = tlog::ParseNote(offered.checkpoint.note);
  if (!note) return;  // what the sequencer signs is one
  std::vector<tlog::NoteSignature> cosignatures = Ask(offered, note->text);
  if (cosignatures.size() < parts_.needed) return;
  note->signatures.insert(note->signatures.end(), std::make_move_iterator(cosignatures.begin()),
                          std::make_move_iterator(cosignatures.end()));
  if (!Publish(*note)) return;  // the keeper's own rounds tell of a folder that cannot be written
  std::lock_guard lock(mutex_);
  covered_ = offered.begun;
}

// All at once: one that hangs costs its time limit, not everybody's.
std::vector<tlog::NoteSignature> Witnesses::Ask(const Offered& offered, const std::string& text) {
  using Answer = Result<tlog::NoteSignature>;
  std::mutex reading;
  const auto fetch = [&](const std::string& name) {
    std::lock_guard lock(reading);
    return parts_.storage.Read(name);
  };
  std::vector<std::future<Answer>> answers;
  for (Witness& witness : parts_.witnesses) {
    answers.push_back(std::async(std::launch::async, [&, this]() -> Answer {
      tlog::LogReader reader(offered.checkpoint.tree, fetch);
      return witness.Cosign({offered.checkpoint.tree, offered.checkpoint.note, text, reader},
                            stopping_);
    }));
  }
  std::vector<tlog::NoteSignature> cosignatures;
  for (size_t i = 0; i < answers.size(); ++i) {
    Answer answer = answers[i].get();
    const Status status = answer ? Ok() : Status(answer.error());
    if (parts_.after_question) parts_.after_question(parts_.witnesses[i].name(), status);
    if (answer) cosignatures.push_back(*std::move(answer));
  }
  return cosignatures;
}

Status Witnesses::Publish(const tlog::SignedNote& note) const {
  TRY_ASSIGN(const std::string text, tlog::AssembleNote(note));
  return parts_.storage.Write(kWitnessedFile, AsBytes(text));
}

}  // namespace mayfly::audit

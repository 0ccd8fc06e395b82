# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts share their variables; quickstart sources them all
# The SoftHSM token: made once with random PINs, and the keys generated inside it.

softhsm_module() {
  local path
  for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so \
    /usr/lib*/pkcs11/libsofthsm2.so; do
    [[ -f $path ]] && echo "$path" && return
  done
  die "SoftHSM's module libsofthsm2.so was not found below /usr/lib" "install the package softhsm2"
}

token_is_made() { [[ -f $home/softhsm/token-is-made ]]; }

write_token_configuration() {
  replace_file "$home/softhsm/softhsm2.conf" <<END || true
directories.tokendir = $home/softhsm/tokens
objectstore.backend = file
log.level = ERROR
END
}

# PINs go through the environment: an argument could be read by every user of the machine.
make_token() {
  local module so_pin pin
  module=$(softhsm_module)
  rm -rf "$home/softhsm/tokens"
  mkdir -m 0700 "$home/softhsm/tokens"
  so_pin=$(random_hex 16) pin=$(random_hex 16)
  (
    umask 077
    echo "$so_pin" >"$home/softhsm/so-pin"
    echo "$pin" >"$home/softhsm/pin"
  )
  SO_PIN=$so_pin pkcs11-tool --module "$module" --init-token --slot-index 0 --label mayfly \
    --so-pin env:SO_PIN
  SO_PIN=$so_pin PIN=$pin pkcs11-tool --module "$module" --token-label mayfly --login \
    --login-type so --so-pin env:SO_PIN --init-pin --new-pin env:PIN
  : >"$home/softhsm/token-is-made"
}

make_keys() {
  local key
  for key in root issuing ocsp audit; do
    mayfly-signer generate-key --config "$home/ceremony-signer.toml" \
      --uri "pkcs11:token=mayfly;object=$key" --type p256 --if-missing
  done
}

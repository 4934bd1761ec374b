/* Makes a libsrtp session without its structures having to be described in Rust. */
#include <srtp.h>
#include <string.h>

srtp_t shim_new(int suite, int outbound, unsigned char **keys, unsigned char **mkis, int key_count, int mki_len,
                unsigned long window, int *ids, int id_count)
{
    srtp_policy_t policy;
    srtp_master_key_t masters[8];
    srtp_master_key_t *list[8];
    srtp_t session = NULL;

    memset(&policy, 0, sizeof(policy));
    switch (suite) {
    case 0:
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
        break;
    case 1:
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp);
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
        break;
    case 2:
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtp);
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtcp);
        break;
    case 3:
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&policy.rtp);
        srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtcp);
        break;
    case 4:
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
        break;
    default:
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
        break;
    }
    policy.ssrc.type = outbound ? ssrc_any_outbound : ssrc_any_inbound;
    policy.window_size = window;
    policy.enc_xtn_hdr = ids;
    policy.enc_xtn_hdr_count = id_count;
    if (mki_len == 0) {
        policy.key = keys[0];
    } else {
        for (int i = 0; i < key_count && i < 8; i++) {
            masters[i].key = keys[i];
            masters[i].mki_id = mkis[i];
            masters[i].mki_size = mki_len;
            list[i] = &masters[i];
        }
        policy.keys = list;
        policy.num_master_keys = key_count;
    }
    return srtp_create(&session, &policy) == srtp_err_status_ok ? session : NULL;
}

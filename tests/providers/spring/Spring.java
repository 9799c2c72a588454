// Spring Authorization Server with the filter chains of Spring Boot, and a client for each state.
// Usage: java -cp CLASSPATH Spring.java PORT

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.proc.SecurityContext;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.crypto.factory.PasswordEncoderFactories;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.server.authorization.client.InMemoryRegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClient;
import org.springframework.security.oauth2.server.authorization.client.RegisteredClientRepository;
import org.springframework.security.oauth2.server.authorization.settings.AuthorizationServerSettings;
import org.springframework.security.oauth2.server.authorization.token.JwtEncodingContext;
import org.springframework.security.oauth2.server.authorization.token.OAuth2TokenCustomizer;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;

@EnableAutoConfiguration
@Configuration(proxyBeanMethods = false)
public class Spring {
    static final String SECRET = "insecure_secret_of_at_least_32_bytes";
    static final String REDIRECT_URI = "https://romm.test/api/oauth/openid";
    static final String RETURN_URI = "https://romm.test/login";

    public static void main(String[] args) {
        SpringApplication server = new SpringApplication(Spring.class);
        server.setDefaultProperties(Map.of("server.address", "127.0.0.1", "server.port", args[0], "logging.level.root", "warn"));
        server.run();
    }

    @Bean
    UserDetailsService people() {
        return new InMemoryUserDetailsManager(User.withUsername("alice").password("{noop}secret").roles("USER").build());
    }

    @Bean
    OAuth2TokenCustomizer<JwtEncodingContext> claims() {
        return context -> {
            if (context.getTokenType().getValue().equals("id_token")) {
                context.getClaims().claims(claims -> claims.putAll(Map.of(
                    "email", "alice@example.org", "email_verified", true, "preferred_username", "alice",
                    "groups", List.of("romm-admins"))));
            }
        };
    }

    @Bean
    RegisteredClientRepository clients() {
        Map<String, UnaryOperator<RegisteredClient.Builder>> states = Map.of(
            "healthy", client -> client,
            "secret", client -> client.clientSecret(hashed("another_" + SECRET)),
            "method", client -> client.clientAuthenticationMethods(
                methods -> methods.remove(ClientAuthenticationMethod.CLIENT_SECRET_POST)),
            "redirect-uri", client -> client.redirectUris(each -> each.clear()).redirectUri(REDIRECT_URI + "/"),
            "scope", client -> client.scopes(each -> each.remove("groups")),
            "post-logout", client -> client.postLogoutRedirectUris(each -> each.clear())
                .postLogoutRedirectUri("https://romm.test/elsewhere"));
        List<RegisteredClient> registered = new ArrayList<>();
        states.forEach((state, change) -> registered.add(change.apply(honest("romm-" + state)).build()));
        return new InMemoryRegisteredClientRepository(registered);
    }

    static RegisteredClient.Builder honest(String id) {
        return RegisteredClient.withId(id).clientId(id).clientSecret(hashed(SECRET))
            .clientAuthenticationMethod(ClientAuthenticationMethod.CLIENT_SECRET_BASIC)
            .clientAuthenticationMethod(ClientAuthenticationMethod.CLIENT_SECRET_POST)
            .authorizationGrantType(AuthorizationGrantType.AUTHORIZATION_CODE)
            .redirectUri(REDIRECT_URI).postLogoutRedirectUri(RETURN_URI)
            .scopes(each -> each.addAll(List.of("openid", "profile", "email", "groups")));
    }

    /** With a salt, since two clients may not have one secret. */
    static String hashed(String secret) {
        return PasswordEncoderFactories.createDelegatingPasswordEncoder().encode(secret);
    }

    @Bean
    JWKSource<SecurityContext> keys() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair pair = generator.generateKeyPair();
        RSAKey key = new RSAKey.Builder((RSAPublicKey) pair.getPublic()).privateKey(pair.getPrivate()).keyID("rsa").build();
        return new ImmutableJWKSet<>(new JWKSet(key));
    }

    @Bean
    AuthorizationServerSettings settings() {
        return AuthorizationServerSettings.builder().build();
    }
}

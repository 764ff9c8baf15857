import PolicyText

/// What of Kubernetes says nothing of which ports a node hands on: kinds, fields, annotations.
///
/// Source: Kubernetes API reference; "Well-Known Labels, Annotations and Taints".
enum KubernetesWords {
    /// Kinds with pods, read for their ports.
    static let pods: Set<String> = [
        "CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "ReplicationController",
        "StatefulSet",
    ]

    static let idle: Set<String> = Set(
        "CertificateRequest Certificate ClusterIssuer ClusterRole ClusterRoleBinding ConfigMap CustomResourceDefinition Endpoints EndpointSlice Event HorizontalPodAutoscaler IngressClass Issuer Lease LimitRange Namespace PersistentVolume PersistentVolumeClaim PodDisruptionBudget PodMonitor PriorityClass PrometheusRule ResourceQuota Role RoleBinding Secret ServiceAccount ServiceMonitor StorageClass VerticalPodAutoscaler VolumeSnapshot"
            .words)

    /// Kinds that shut ports of pods.
    static let policies: Set<String> = [
        "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "CiliumClusterwideNetworkPolicy",
        "CiliumNetworkPolicy", "ClusterNetworkPolicy", "GlobalNetworkPolicy", "NetworkPolicy",
        "StagedGlobalNetworkPolicy", "StagedNetworkPolicy", "AuthorizationPolicy",
        "PeerAuthentication",
    ]

    static let shaping: Set<String> = [
        "allocateLoadBalancerNodePorts", "clusterIP", "clusterIPs", "externalIPs",
        "externalTrafficPolicy", "selector", "type",
    ]

    /// Fields of a service beside those that are read.
    static let fields: Set<String> = [
        "externalName", "healthCheckNodePort", "internalTrafficPolicy", "ipFamilies",
        "ipFamilyPolicy", "loadBalancerClass", "loadBalancerIP", "loadBalancerSourceRanges",
        "ports", "publishNotReadyAddresses", "sessionAffinity", "sessionAffinityConfig",
        "topologyKeys", "trafficDistribution",
    ]

    static let portFields: Set<String> = [
        "appProtocol", "name", "nodePort", "port", "protocol", "targetPort",
    ]

    /// Whom a load balancer lets in, where the service's own field is empty.
    static let sourceRanges = "service.beta.kubernetes.io/load-balancer-source-ranges"

    private static let annotations = [
        "app.kubernetes.io/", "argocd.argoproj.io/", "checksum/", "cloud.google.com/neg-status",
        "deployment.kubernetes.io/", "external-dns.alpha.kubernetes.io/", "field.cattle.io/",
        "helm.sh/", "kubectl.kubernetes.io/", "kubernetes.io/description", "meta.helm.sh/",
        "metallb.io/", "metallb.universe.tf/", "prometheus.io/",
    ]

    static func isIdle(annotation: String) -> Bool {
        annotations.contains { annotation.hasPrefix($0) } || !annotation.contains("/")
    }
}
